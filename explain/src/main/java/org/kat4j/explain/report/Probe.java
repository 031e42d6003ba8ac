package org.kat4j.explain.report;

import org.kat4j.model.Model;
import org.kat4j.torch.Tap;

/**
 * Some samples of the data that a model was trained on, the same ones whenever they are asked for.
 */
interface Probe {
  /** Puts the samples through a model, for what a tap hears. */
  void pass(Model model, Tap tap);

  /** How many of what: {@code 64 images}. */
  String samples();
}
