package org.kat4j.kernel;

import java.lang.ref.Reference;
import java.nio.ByteOrder;
import java.util.Arrays;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorShuffle;
import jdk.incubator.vector.VectorSpecies;
import org.bytedeco.pytorch.Tensor;
import org.kat4j.torch.DType;
import org.kat4j.torch.Parallel;

/**
 * Attention with one query a head on the CPU, in float32: libtorch's takes matrix products with one
 * row, of which most of the time is spent beside the arithmetic.
 *
 * <p>Loaded only where the module jdk.incubator.vector is present; see {@link Kernels}.
 */
final class VectorNextToken {
  private static final VectorSpecies<Float> SPECIES = FloatVector.SPECIES_PREFERRED;
  private static final int LANES = SPECIES.length();
  private static final ByteOrder ORDER = ByteOrder.nativeOrder();

  /** Elements of keys from which on more threads are worth calling. */
  private static final long MANY = 1L << 19;

  private static final VectorShuffle<Float> BY_EIGHT = turned(8);
  private static final VectorShuffle<Float> BY_FOUR = turned(4);
  private static final VectorShuffle<Float> BY_TWO = turned(2);

  private VectorNextToken() {}

  private static VectorShuffle<Float> turned(int by) {
    return VectorShuffle.iota(SPECIES, by % LANES, 1, true);
  }

  static boolean supports(Tensor q, Tensor k, Tensor v) {
    return DType.of(q) == DType.FLOAT32
        && DType.of(k) == DType.FLOAT32
        && DType.of(v) == DType.FLOAT32
        && q.is_cpu()
        && q.size(3) == k.size(3)
        && q.size(1) % k.size(1) == 0
        && Arrays.equals(k.shape(), v.shape()) // values may be of another width
        && q.size(3) % LANES == 0
        && q.stride(3) == 1
        && k.stride(3) == 1
        && v.stride(3) == 1;
  }

  /** See {@link Kernels#ofOneQuery}. */
  static Tensor attend(Tensor q, Tensor k, Tensor v) {
    Tensor y = q.new_empty(q.shape());
    int heads = (int) q.size(1);
    int shared = heads / (int) k.size(1);
    int keys = (int) k.size(2);
    int width = (int) q.size(3);
    Rows ofKeys = Rows.of(k);
    Rows ofValues = Rows.of(v);
    Rows ofQueries = Rows.of(q);
    Rows ofResults = Rows.of(y);
    int all = (int) q.size(0) * heads;
    int parts = (long) all * keys * width < MANY ? 1 : all;
    Parallel.forRange(
        parts,
        part -> {
          float[] weights = Scratch.ofThread().floats(Scratch.Use.WEIGHTS, keys + LANES);
          for (int i = part; i < all; i += parts) {
            int text = i / heads;
            int head = i % heads;
            float sum =
                weigh(
                    ofQueries.at(text, head),
                    ofKeys.at(text, head / shared),
                    ofKeys.step,
                    keys,
                    width,
                    weights);
            add(
                weights,
                1 / sum,
                ofValues.at(text, head / shared),
                ofValues.step,
                keys,
                width,
                ofResults.at(text, head));
          }
        });
    Reference.reachabilityFence(q);
    Reference.reachabilityFence(k);
    Reference.reachabilityFence(v);
    return y;
  }

  /** Where the rows of a tensor {@code [texts, heads, tokens, width]} lie, in bytes. */
  private record Rows(long address, long text, long head, long step) {
    static Rows of(Tensor x) {
      return new Rows(
          NativeMemory.address(x),
          x.stride(0) * Float.BYTES,
          x.stride(1) * Float.BYTES,
          x.stride(2) * Float.BYTES);
    }

    long at(int ofText, int ofHead) {
      return address + ofText * text + ofHead * head;
    }
  }

  /** e^(score - largest) of each key, and their sum. */
  private static float weigh(
      long query, long key, long step, int keys, int width, float[] weights) {
    float scale = (float) (1 / Math.sqrt(width));
    float most = Float.NEGATIVE_INFINITY;
    int j = 0;
    for (; j + 1 < keys; j += 2) { // the sums of one wait for each other, those of two do not
      FloatVector even = FloatVector.zero(SPECIES);
      FloatVector odd = FloatVector.zero(SPECIES);
      for (int i = 0; i < width; i += LANES) {
        FloatVector q = load(query, i);
        even = load(key + j * step, i).fma(q, even);
        odd = load(key + (j + 1) * step, i).fma(q, odd);
      }
      weights[j] = scale * sum(even);
      weights[j + 1] = scale * sum(odd);
      most = Math.max(most, Math.max(weights[j], weights[j + 1]));
    }
    if (j < keys) {
      FloatVector last = FloatVector.zero(SPECIES);
      for (int i = 0; i < width; i += LANES) {
        last = load(key + j * step, i).fma(load(query, i), last);
      }
      weights[j] = scale * sum(last);
      most = Math.max(most, weights[j]);
    }
    Arrays.fill(weights, keys, keys + LANES, Float.NEGATIVE_INFINITY); // weight 0
    FloatVector sum = FloatVector.zero(SPECIES);
    for (int first = 0; first < keys; first += LANES) {
      FloatVector weight =
          FloatVector.fromArray(SPECIES, weights, first).sub(most).lanewise(VectorOperators.EXP);
      weight.intoArray(weights, first);
      sum = sum.add(weight);
    }
    return sum(sum);
  }

  /** Of all lanes; reduceLanes adds one after the other. */
  private static float sum(FloatVector lanes) {
    FloatVector sum = lanes;
    if (LANES > 8) {
      sum = sum.add(sum.rearrange(BY_EIGHT));
    }
    if (LANES > 4) {
      sum = sum.add(sum.rearrange(BY_FOUR));
    }
    sum = sum.add(sum.rearrange(BY_TWO));
    return sum.lane(0) + sum.lane(1);
  }

  /** The weighted sum of the values, times a factor. */
  private static void add(
      float[] weights, float factor, long value, long step, int keys, int width, long result) {
    for (int i = 0; i < width; i += LANES) {
      FloatVector even = FloatVector.zero(SPECIES);
      FloatVector odd = FloatVector.zero(SPECIES);
      int j = 0;
      for (; j + 1 < keys; j += 2) {
        even = load(value + j * step, i).fma(FloatVector.broadcast(SPECIES, weights[j]), even);
        odd =
            load(value + (j + 1) * step, i)
                .fma(FloatVector.broadcast(SPECIES, weights[j + 1]), odd);
      }
      if (j < keys) {
        even = load(value + j * step, i).fma(FloatVector.broadcast(SPECIES, weights[j]), even);
      }
      even.add(odd)
          .mul(factor)
          .intoMemorySegment(NativeMemory.ALL, result + (long) i * Float.BYTES, ORDER);
    }
  }

  private static FloatVector load(long row, int at) {
    return FloatVector.fromMemorySegment(
        SPECIES, NativeMemory.ALL, row + (long) at * Float.BYTES, ORDER);
  }
}
