package org.kat4j.parity;

import org.bytedeco.pytorch.Tensor;
import org.kat4j.attention.Heads;
import org.kat4j.attention.QueryKeyStep.QueryKey;
import org.kat4j.attention.Rotary;
import org.kat4j.attention.RotaryScaling;
import org.kat4j.torch.Context;
import org.kat4j.torch.Layout;
import org.kat4j.torch.Memory;
import org.kat4j.torch.Pass;

/** Rotary positions of transformers: both pairings, and the frequencies of scaled ones. */
public final class RotaryParity implements ParityAdapter {
  private static final double FLOAT64 = 1e-11;
  private static final double FLOAT32 = 1e-5;
  private static final double OF_FLOAT32_TABLES = 1e-6;

  @Override
  public boolean covers(Golden golden) {
    return golden.text("cls").startsWith("apply_rotary_pos_emb");
  }

  @Override
  public void run(Golden golden, Comparison comparison) {
    int headWidth = golden.config().path("head_dim").asInt();
    double base = golden.config().path("theta").asDouble();
    double tolerance = comparison.tolerance(FLOAT64, FLOAT32);
    Tensor q = golden.read("input.q").to(comparison.dtype().scalarType());
    for (Rotary.Pairing pairing : Rotary.Pairing.values()) {
      Rotary rotary =
          new Rotary.Spec(base, pairing, new RotaryScaling.None())
              .build(
                  Heads.of(1, headWidth),
                  Context.cpu(0)
                      .withDType(comparison.dtype())
                      .at(new Layout.Line(Math.toIntExact(q.size(2)), true, false)));
      boolean half = pairing == Rotary.Pairing.HALF;
      String name = half ? "output.half_split" : "output.interleaved";
      Tensor backwards = q.flip(2);
      QueryKey turned = rotary.apply(new QueryKey(q, backwards), Pass.evaluation());
      comparison.compare(name, turned.q(), golden.read(name), tolerance);
      if (half) {
        comparison.compare(
            name + ".flipped", turned.k(), golden.read(name + ".flipped"), tolerance);
      }
    }
    frequencies(golden, "linear", new RotaryScaling.Linear(4), headWidth, base, comparison);
    frequencies(
        golden, "llama3", new RotaryScaling.Llama3(8, 1, 4, 64), headWidth, base, comparison);
  }

  private static void frequencies(
      Golden golden,
      String name,
      RotaryScaling scaling,
      int headWidth,
      double base,
      Comparison comparison) {
    String recorded = "extra.inv_freq." + name;
    if (golden.has(recorded)) {
      double[] ours = new Rotary.Spec(base, Rotary.Pairing.HALF, scaling).frequencies(headWidth);
      comparison.compare(
          recorded, Memory.doubles(ours, ours.length), golden.read(recorded), OF_FLOAT32_TABLES);
    }
  }
}
