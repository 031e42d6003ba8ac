package org.kat4j.lab;

import org.kat4j.task.Measure;

/** Follows the trials of a claim. */
public interface Progress {
  /** A trial begins. */
  void begun(Trial trial, Study study);

  /**
   * A trial is done.
   *
   * @param done trials that are finished, earlier runs and other processes included
   * @param all trials in all
   * @param secondsLeft until all are, for one process; NaN where one cannot say
   */
  void finished(Outcome outcome, Measure measure, int done, int all, double secondsLeft);

  /** All trials that are left are run by other processes. */
  void waiting();

  Progress SILENT =
      new Progress() {
        @Override
        public void begun(Trial trial, Study study) {}

        @Override
        public void finished(
            Outcome outcome, Measure measure, int done, int all, double secondsLeft) {}

        @Override
        public void waiting() {}
      };
}
