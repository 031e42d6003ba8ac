package org.kat4j.train;

import java.util.function.LongSupplier;
import java.util.function.Supplier;

/**
 * The time that a run takes: all of it, and that of training alone, without evaluations and
 * checkpoints.
 */
final class Pace {
  private final double secondsBefore;
  private final LongSupplier nanos;
  private final long startedNanos;
  private long samples; // of the epoch in progress
  private long trainingNanos; // spent on them, up to the last pause
  private long earlierNanos; // of training in the epochs before, of this process
  private long sinceNanos; // start of the training in progress
  private boolean training;
  private double evaluationSeconds; // of the last evaluation, 0 before the first

  /**
   * @param secondsBefore spent by earlier processes of the run
   */
  Pace(double secondsBefore) {
    this(secondsBefore, System::nanoTime);
  }

  Pace(double secondsBefore, LongSupplier nanos) {
    this.secondsBefore = secondsBefore;
    this.nanos = nanos;
    startedNanos = nanos.getAsLong();
  }

  /** Training begins, of a new epoch. */
  void startEpoch() {
    pause();
    samples = 0;
    earlierNanos += trainingNanos;
    trainingNanos = 0;
    train();
  }

  private void train() {
    sinceNanos = nanos.getAsLong();
    training = true;
  }

  private void pause() {
    if (training) {
      trainingNanos += nanos.getAsLong() - sinceNanos;
      training = false;
    }
  }

  /** That many training samples more are done. */
  void count(long more) {
    samples += more;
  }

  /** Does something that is no training; its time counts as the run's only. */
  void aside(Runnable work) {
    boolean before = training;
    pause();
    work.run();
    if (before) {
      train();
    }
  }

  /** The same for an evaluation of the validation samples, whose time is remembered. */
  <T> T evaluating(Supplier<T> work) {
    pause();
    long start = nanos.getAsLong();
    T result = work.get();
    evaluationSeconds = (nanos.getAsLong() - start) / 1e9;
    return result;
  }

  /** Training samples a second in this epoch, 0 before the first. */
  double samplesPerSecond() {
    return samples == 0 ? 0 : samples / (ofEpoch() / 1e9);
  }

  private long ofEpoch() {
    return trainingNanos + (training ? nanos.getAsLong() - sinceNanos : 0);
  }

  /** Time of this process's training alone, without evaluations and checkpoints. */
  double trainingSeconds() {
    return (earlierNanos + ofEpoch()) / 1e9;
  }

  /** Until so many samples are trained on and so many evaluations are made, as far as known. */
  double secondsLeft(double samplesLeft, int evaluationsLeft) {
    return samplesLeft / samplesPerSecond() + evaluationsLeft * evaluationSeconds;
  }

  /** Time of the run so far, all processes together. */
  double seconds() {
    return secondsBefore + (nanos.getAsLong() - startedNanos) / 1e9;
  }
}
