package org.kat4j.bench;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.kat4j.channel.ChannelMixer;
import org.kat4j.channel.GroupRationalMlp;
import org.kat4j.channel.Mlp;
import org.kat4j.config.Records;
import org.kat4j.function.LayerNorm;
import org.kat4j.model.CausalTransformer;
import org.kat4j.model.Registered;
import org.kat4j.model.TokenModel;
import org.kat4j.model.generate.Generator;
import org.kat4j.model.generate.Request;
import org.kat4j.model.generate.Sampling;
import org.kat4j.optim.AdamW;
import org.kat4j.token.Attention;
import org.kat4j.torch.Context;
import org.kat4j.torch.Device;
import org.kat4j.torch.PeakMemory;
import org.kat4j.torch.Precision;
import org.kat4j.train.NoiseSteps;
import org.kat4j.train.TrainConfig;

/**
 * Language models of one shape with an MLP and with learnable functions: the loop's training steps
 * on one batch of random tokens, and the writing of tokens.
 */
public final class LanguageBench {
  private static final int IN_A_ROW = 4; // steps between two looks at the clock, as in training
  private static final int PROMPT = 16;

  private LanguageBench() {}

  /**
   * The shape of both models.
   *
   * @param context tokens of a window
   */
  public record Shape(int vocabulary, int context, int width, int depth, int heads) {
    /** GPT-2's smallest. */
    public static final Shape GPT2 = new Shape(50_257, 1024, 768, 12, 12);

    CausalTransformer.Spec model(ChannelMixer.Spec mixer) {
      return new CausalTransformer.Spec(
          vocabulary,
          context,
          width,
          depth,
          Attention.Spec.heads(heads),
          mixer,
          List.of(),
          new LayerNorm.Spec(1e-5, true),
          CausalTransformer.Positions.LEARNED,
          true,
          0,
          0,
          CausalTransformer.Start.GPT2);
    }
  }

  /**
   * What was measured of one model.
   *
   * @param step milliseconds of a training step
   * @param peakBytes most memory in use during a step
   * @param writing tokens a second for each number of texts that are written at once
   */
  public record Side(
      String name,
      long parameters,
      Timing step,
      long tokens,
      long peakBytes,
      List<Writing> writing) {
    public double tokensPerSecond() {
      return 1000 * tokens / step.median();
    }
  }

  /**
   * @param texts written at once
   * @param tokensPerSecond of all of them together
   */
  public record Writing(int texts, double tokensPerSecond) {}

  public record Result(Shape shape, String device, String precision, int batch, List<Side> sides) {
    public String table() {
      StringBuilder text = new StringBuilder();
      text.append(
          "language models of %s, %s, %s, batch %d; ratios to the first line%n"
              .formatted(shape, device, precision, batch));
      Side first = sides.getFirst();
      for (Side side : sides) {
        text.append(
            String.format(
                Locale.ROOT,
                "  %-8s %,d parameters  step %.2f ms %s  %,.0f tokens/s, ratio %.3f  peak %,d MB%n",
                side.name,
                side.parameters,
                side.step.median(),
                side.step.spread(),
                side.tokensPerSecond(),
                side.tokensPerSecond() / first.tokensPerSecond(),
                side.peakBytes >> 20));
        for (Writing writing : side.writing) {
          text.append(
              String.format(
                  Locale.ROOT,
                  "           writes %d at once: %,.0f tokens/s%n",
                  writing.texts,
                  writing.tokensPerSecond));
        }
      }
      return text.toString();
    }
  }

  /**
   * Measures one model after the other.
   *
   * @param steps measured training steps, some of them in a row
   * @param written tokens of each text, 0 to leave writing out
   */
  public static Result run(
      Shape shape, Device device, Precision precision, int batch, int steps, int written) {
    List<Side> sides = new ArrayList<>();
    for (ChannelMixer.Spec mixer : List.of(Mlp.Spec.example(), GroupRationalMlp.Spec.example())) {
      String name = mixer instanceof Mlp.Spec ? "mlp" : "gr-kan";
      CausalTransformer.Spec spec = shape.model(mixer);
      PeakMemory.reset(device);
      double[] milliseconds = training(spec, device, precision, batch, steps);
      long peak = PeakMemory.bytes(device);
      sides.add(
          new Side(
              name,
              Registered.parameterCount(spec),
              Timing.of(milliseconds),
              (long) batch * shape.context,
              peak,
              written == 0 ? List.of() : writing(spec, device, precision, written)));
    }
    return new Result(
        shape, device.toString(), precision.name().toLowerCase(Locale.ROOT), batch, sides);
  }

  private static double[] training(
      CausalTransformer.Spec spec, Device device, Precision precision, int batch, int steps) {
    double[] milliseconds = new double[Math.ceilDiv(steps, IN_A_ROW)];
    TrainConfig config =
        Records.with(
            NoiseSteps.config(spec, device, precision, batch),
            Map.of("optimizer", new AdamW.Spec(6e-4, 0.1, 0.9, 0.95, 1e-8), "clipNorm", 1.0));
    try (var noise = new NoiseSteps(config, /* recorded= */ true)) {
      for (int i = -1; i < milliseconds.length; i++) {
        device.synchronize();
        long start = System.nanoTime();
        for (int step = 0; step < IN_A_ROW; step++) {
          noise.run();
        }
        device.synchronize();
        if (i >= 0) {
          milliseconds[i] = (System.nanoTime() - start) / 1e6 / IN_A_ROW;
        }
      }
    }
    return milliseconds;
  }

  private static List<Writing> writing(
      CausalTransformer.Spec spec, Device device, Precision precision, int tokens) {
    List<Writing> all = new ArrayList<>();
    Context context = Context.cpu(1).withDevice(device).withDType(precision.storage());
    try (TokenModel model = spec.build(context)) {
      for (int texts : new int[] {1, 8}) {
        double best = 0;
        for (int round = 0; round < 3; round++) {
          best = Math.max(best, rate(model, device, texts, tokens));
        }
        all.add(new Writing(texts, best));
      }
    }
    return all;
  }

  private static double rate(TokenModel model, Device device, int texts, int tokens) {
    List<int[]> prompts = new ArrayList<>();
    for (int i = 0; i < texts; i++) {
      int[] prompt = new int[PROMPT];
      Arrays.setAll(prompt, t -> 7 * t % model.spec().signature().vocabulary());
      prompts.add(prompt);
    }
    var request = new Request(prompts, tokens, new Sampling(0.8, 50, 0.95), 1, Set.of());
    long start = System.nanoTime();
    int written = new Generator(model, device).write(request, _ -> true);
    return (double) texts * written / ((System.nanoTime() - start) / 1e9);
  }
}
