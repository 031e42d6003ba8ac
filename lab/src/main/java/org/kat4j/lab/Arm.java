package org.kat4j.lab;

import org.kat4j.model.Model;
import org.kat4j.model.Registered;

/**
 * A contestant of a study.
 *
 * @param name short, unique in its study
 * @param what it is, in a few words
 * @param spec everything that determines it; a record whose text names all of it
 * @param parameters trained numbers, counted on the built network
 * @param flops floating-point operations of one forward of one input; a multiply-add counts two
 */
public record Arm(String name, String what, Record spec, long parameters, double flops) {
  /** A model as an arm. */
  public static Arm of(String name, String what, Model.Spec model) {
    return new Arm(name, what, (Record) model, Registered.parameterCount(model), Flops.of(model));
  }
}
