package org.kat4j.lab.network;

import org.kat4j.lab.Training;
import org.kat4j.lab.Workplace;

/** Makes rows; called once. */
@FunctionalInterface
public interface Source extends Training.Source {
  @Override
  Rows open(Workplace place);
}
