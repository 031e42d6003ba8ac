package org.kat4j.lab.language;

import org.bytedeco.pytorch.Tensor;
import org.kat4j.channel.ChannelMixer;
import org.kat4j.error.UserException;
import org.kat4j.lab.Arm;
import org.kat4j.lab.Course;
import org.kat4j.lab.Experiment;
import org.kat4j.lab.Measured;
import org.kat4j.lab.Study;
import org.kat4j.lab.Trial;
import org.kat4j.optim.AdamW;
import org.kat4j.optim.CosineSchedule;
import org.kat4j.task.Measure;
import org.kat4j.torch.Context;
import org.kat4j.torch.DType;
import org.kat4j.torch.Device;
import org.kat4j.torch.Losses;
import org.kat4j.torch.Memory;
import org.kat4j.torch.Pass;
import org.kat4j.torch.RandomStream;
import org.kat4j.torch.Scope;

/**
 * Trains character models: AdamW (0.9, 0.95) with decay 0.1, gradients cut to norm 1, a warm-up and
 * a cosine to a tenth of the rate.
 *
 * <p>Every update learns from random windows, the same ones for all arms of a seed. Validation and
 * test losses are means over windows that follow each other without overlap: a character is
 * predicted from at most {@code tokens} characters before it.
 *
 * @param text folder of the text
 * @param characters how many different ones it has
 * @param tokens characters of a window that are predicted
 * @param width of the models
 * @param depth of the models
 * @param heads of the models
 * @param batch windows of an update
 * @param steps updates
 * @param warmup updates before the whole rate is reached
 */
public record Training(
    String text,
    int characters,
    int tokens,
    int width,
    int depth,
    int heads,
    int batch,
    int steps,
    int warmup) {
  /** Mean cross entropy of the next character, natural logarithm. */
  public static final Measure LOSS = new Measure("loss", "nats per character", false, false);

  private static final double DECAY = 0.1;
  private static final double LONGEST_GRADIENT = 1;
  private static final int POINTS = 4; // of a curve
  private static final int WINDOWS_AT_ONCE = 64; // of an evaluation

  /** A model with this mixer in every block as an arm of a study. */
  public Arm arm(String name, String what, ChannelMixer.Spec mixer) {
    return new CharacterTransformer.Spec(characters, tokens, width, depth, heads, mixer)
        .arm(name, what);
  }

  /** The opening of a study whose arms are {@link #arm}s. */
  public Study.Opening opening() {
    return place -> {
      CharacterText data = CharacterText.open(text, place.dataRoot());
      if (data.characters() != characters || data.validation().length <= tokens) {
        throw new UserException(
            "text '%s' has %d different characters and %,d to validate on: %d different ones and more than %d are needed"
                .formatted(text, data.characters(), data.validation().length, characters, tokens));
      }
      return new Experiment(data.checksum() + "; " + this, trial -> run(data, trial));
    };
  }

  private Measured run(CharacterText data, Trial trial) {
    Device device = trial.place().device();
    try (Scope _ = Scope.open()) {
      Context context =
          new Context(device, DType.FLOAT32, new RandomStream(trial.seed()), 0, 1, true);
      var model = ((CharacterTransformer.Spec) trial.arm().spec()).build(context);
      var optimizer = new AdamW.Spec(trial.rate(), DECAY, 0.9, 0.95, 1e-8);
      try (Course course = new Course(model, optimizer, LONGEST_GRADIENT, device)) {
        train(data, trial, model, course);
        double test = trial.last() ? loss(model, data.test(), device) : Double.NaN;
        return course.measured(test);
      }
    }
  }

  private void train(CharacterText data, Trial trial, CharacterTransformer model, Course course) {
    Device device = trial.place().device();
    var schedule = new CosineSchedule(trial.rate(), steps, trial.rate() / 10, warmup, 0, false);
    var places = org.kat4j.data.RandomStream.of(trial.seed());
    Pass pass = Pass.training(new RandomStream(-trial.seed()));
    for (int step = 0; step < steps; step++) {
      int[] starts = new int[batch];
      for (int i = 0; i < batch; i++) {
        starts[i] = places.nextInt(data.train().length - tokens);
      }
      course.update(
          schedule.at(step + 1),
          () -> Windows.of(data.train(), starts, tokens, device).meanLoss(model, pass));
      if ((step + 1) * POINTS / steps > step * POINTS / steps) {
        course.point(() -> loss(model, data.validation(), device));
      }
    }
  }

  /** The mean over all whole windows of a part of the text. */
  private double loss(CharacterTransformer model, int[] part, Device device) {
    int windows = (part.length - 1) / tokens;
    double sum = 0;
    try (var _ = Scope.noGradients()) {
      for (int from = 0; from < windows; from += WINDOWS_AT_ONCE) {
        int[] starts = new int[Math.min(WINDOWS_AT_ONCE, windows - from)];
        for (int i = 0; i < starts.length; i++) {
          starts[i] = (from + i) * tokens;
        }
        try (Scope _ = Scope.open()) {
          sum += Windows.of(part, starts, tokens, device).summedLoss(model);
        }
      }
    }
    return sum / ((double) windows * tokens);
  }

  /**
   * Pieces of a text.
   *
   * @param read {@code [windows, tokens]}
   * @param next the characters that follow each of them, {@code [windows * tokens]}
   */
  private record Windows(Tensor read, Tensor next) {
    static Windows of(int[] text, int[] starts, int tokens, Device device) {
      long[] read = new long[starts.length * tokens];
      long[] next = new long[read.length];
      for (int w = 0; w < starts.length; w++) {
        for (int t = 0; t < tokens; t++) {
          read[w * tokens + t] = text[starts[w] + t];
          next[w * tokens + t] = text[starts[w] + t + 1];
        }
      }
      return new Windows(
          Memory.to(Tensor.create(read, starts.length, tokens), device),
          Memory.to(Tensor.create(next), device));
    }

    Tensor meanLoss(CharacterTransformer model, Pass pass) {
      return Losses.crossEntropy(model.forward(read, pass).flatten(0, 1), next, 0);
    }

    double summedLoss(CharacterTransformer model) {
      Tensor logits = model.forward(read, Pass.evaluation()).flatten(0, 1);
      return Losses.summedCrossEntropy(logits, next).item_double();
    }
  }
}
