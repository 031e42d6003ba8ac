package org.kat4j.attention;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.kat4j.config.Check;
import org.kat4j.config.Kind;
import org.kat4j.kernel.PlaneRotations;
import org.kat4j.kernel.PlaneRotations.Stage;
import org.kat4j.torch.Context;

/**
 * The squared moduli of a quantum circuit whose angles are numbers theta times the scores: P[i, j]
 * = 2^-a sum over s, t of |U[(s, i), (t, j)]|^2, the mean of matrices |U|^2 over a ancilla qubits;
 * rows and columns sum to 1.
 *
 * <p>A layer has a block of four angles for the pairs of neighbouring qubits (0, 1), (2, 3), …,
 * then (1, 2), (3, 4), …: exp(-i c XX / 2) exp(-i e ZZ / 2) (RY(a) x RY(b)), angles in the order a,
 * b, e, c. Qubit 0 is the most significant bit, ancillas come first. Source: QontOT in QDSFormer,
 * arXiv 2504.16275; the gates of a block are our reconstruction.
 */
public final class Circuit {
  /**
   * @param ancillas qubits besides those of the tokens
   * @param layers of blocks
   * @param trained whether theta is trained, or keeps its random start in (-1, 1)
   * @param scale of the angles, times q k^T, which is not divided by sqrt(head width)
   */
  @Kind("circuit")
  public record Spec(int ancillas, int layers, boolean trained, double scale)
      implements Weighting.Spec {
    /** Of a unitary matrix of 1024 rows. */
    private static final int MOST_QUBITS = 10;

    public Spec {
      Check.between("ancillas", ancillas, 0, MOST_QUBITS - 1);
      Check.between("layers", layers, 1, 256);
      Check.positive("scale", scale);
    }

    public static Spec example() {
      return new Spec(1, 8, false, 1);
    }

    @Override
    public Weighting build(Heads heads, Context context) {
      ScoreWeighting.refuseCausal("weighting circuit", context);
      int tokens = context.layout().tokens("weighting circuit");
      if (Integer.bitCount(tokens) != 1) {
        throw new IllegalArgumentException(
            "weighting circuit needs a number of tokens that is a power of two; here are "
                + tokens);
      }
      Check.betweenOthers(
          "ancillas, with the qubits of the tokens", qubits(tokens), 2, MOST_QUBITS);
      var weights =
          new TurnedIdentity(
              rotations(tokens, ancillas, layers), heads, trained, scale / 2, context);
      return ScoreWeighting.of(weights, heads);
    }

    private int qubits(int tokens) {
      return Integer.numberOfTrailingZeros(tokens) + ancillas;
    }

    @Override
    public long macs(int tokens, Heads heads) {
      int qubits = Math.min(qubits(Integer.highestOneBit(tokens)), MOST_QUBITS);
      long gates = 4L * layers * (qubits - 1);
      long states = 1L << 2 * qubits; // four for each number of the state
      return Weighting.Spec.super.macs(tokens, heads) + 4 * gates * states * heads.count();
    }
  }

  private Circuit() {}

  /** The circuit on real and imaginary parts, whose gates turn by half of their angles. */
  static PlaneRotations rotations(int tokens, int ancillas, int layers) {
    int qubits = Integer.numberOfTrailingZeros(tokens) + ancillas;
    var gates = new Gates(1 << qubits);
    for (int layer = 0; layer < layers; layer++) {
      for (int parity = 0; parity < 2; parity++) {
        for (int qubit = parity; qubit + 1 < qubits; qubit += 2) {
          int upper = 1 << qubits - 1 - qubit;
          int lower = upper >> 1;
          gates.turnY(upper);
          gates.turnY(lower);
          gates.turnZz(upper | lower);
          gates.turnXx(upper | lower);
        }
      }
    }
    return new PlaneRotations(
        2 * gates.states, gates.states, tokens, gates.stages.size(), gates.stages);
  }

  /** Gates as rotations of rows: real parts of the states, then their imaginary parts. */
  private static final class Gates {
    final int states;
    final List<Stage> stages = new ArrayList<>();

    Gates(int states) {
      this.states = states;
    }

    /** RY on the qubit of a bit. */
    void turnY(int bit) {
      int[] first = IntStream.range(0, 2 * states).filter(row -> (row & bit) == 0).toArray();
      add(first, IntStream.of(first).map(row -> row | bit).toArray());
    }

    /** exp(-i angle ZZ / 2) on the qubits of two bits: re and im of a state, by its sign. */
    void turnZz(int bits) {
      int[] first = new int[states];
      int[] second = new int[states];
      for (int state = 0; state < states; state++) {
        boolean even = Integer.bitCount(state & bits) % 2 == 0;
        first[state] = even ? states + state : state;
        second[state] = even ? state : states + state;
      }
      add(first, second);
    }

    /** exp(-i angle XX / 2) on the qubits of two bits: re of a state, im of the other. */
    void turnXx(int bits) {
      int[] re = IntStream.range(0, states).toArray();
      add(IntStream.of(re).map(state -> states + (state ^ bits)).toArray(), re);
    }

    private void add(int[] first, int[] second) {
      int[] angle = new int[first.length];
      Arrays.fill(angle, stages.size());
      stages.add(new Stage(first, second, angle));
    }
  }
}
