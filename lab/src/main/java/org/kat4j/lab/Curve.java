package org.kat4j.lab;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.kat4j.task.Measure;
import org.kat4j.train.Loop;
import org.kat4j.train.Monitor;

/** Follows a trial's training: its losses and validation scores on the way. */
public final class Curve implements Loop.Listener {
  private final Measure measure;
  private final List<Measured.Point> points = new ArrayList<>();

  /**
   * @param measure whose scores are kept
   */
  public Curve(Measure measure) {
    this.measure = measure;
  }

  @Override
  public void epochDone(Monitor.EpochResult result) {
    add(result.updates(), result.trainLoss(), result.scores().of(measure));
  }

  /** One more point. */
  public void add(long step, double trainLoss, double validation) {
    points.add(new Measured.Point(step, trainLoss, validation));
  }

  /** What the trial of a loop that is done found; test samples are looked at in the last only. */
  public Measured measured(Loop<?> loop, Trial trial) {
    return measured(trial.last() ? loop.test().of(measure) : Double.NaN, loop.trainingSeconds());
  }

  /** What the trial found; the validation score is that of the last point. */
  public Measured measured(double test, double seconds) {
    Measured.Point last = points.getLast();
    return new Measured(last.validation(), test, last.step(), seconds, points, Map.of());
  }
}
