package org.kat4j.explain.fit;

/** Hears how a fit goes on. An interrupt of its thread ends the fit with what it has. */
public interface FitMonitor {
  /** Says nothing. */
  FitMonitor SILENT =
      new FitMonitor() {
        @Override
        public void progress(String stage, int step, int steps, double error) {}

        @Override
        public void stage(NetworkFit.Stage done) {}
      };

  /**
   * After every step.
   *
   * @param error on the training samples
   */
  void progress(String stage, int step, int steps, double error);

  /** After every stage. */
  void stage(NetworkFit.Stage done);
}
