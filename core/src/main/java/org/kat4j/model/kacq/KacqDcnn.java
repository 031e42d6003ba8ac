package org.kat4j.model.kacq;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.kat4j.config.Check;
import org.kat4j.config.Kind;
import org.kat4j.config.Records;
import org.kat4j.error.UserException;
import org.kat4j.function.Activation;
import org.kat4j.function.Linear;
import org.kat4j.function.kan.KanLayer;
import org.kat4j.function.kan.SharedScaleSpline;
import org.kat4j.function.quantum.EntanglingCircuit;
import org.kat4j.model.RowModel;
import org.kat4j.model.Signature;
import org.kat4j.recurrent.Bias;
import org.kat4j.recurrent.Lstm;
import org.kat4j.recurrent.Nonlinearity;
import org.kat4j.recurrent.Recurrent;
import org.kat4j.torch.Context;
import org.kat4j.torch.Dropout;
import org.kat4j.torch.Init;
import org.kat4j.torch.Losses;
import org.kat4j.torch.Part;
import org.kat4j.torch.Pass;
import org.kat4j.torch.Registry;
import org.kat4j.torch.StateDict;

/**
 * Two branches over the features of a row, joined in one linear layer: KAN layers around three
 * four-qubit circuits, and two bidirectional LSTMs that read the features as a sequence.
 *
 * <p>Source: KACQ-DCNN, arXiv 2410.07446; sheet 14 for the names.
 */
public final class KacqDcnn implements RowModel {
  private static final int CIRCUITS = 3;
  private static final int WIRES = 4;
  private static final int AMPLITUDES = 1 << WIRES;

  /** What stands where the circuits are: the ablation. */
  public enum Middle {
    /** Three circuits of their own weights, 16 to 4 each. */
    CIRCUITS,
    /** Three linear layers and tanh, 16 to 4 each: of the same place and reach. */
    LINEAR
  }

  /** What the dense layers are. */
  public enum Dense {
    KAN,
    /** Linear and relu. */
    MLP
  }

  /**
   * @param features of a row
   * @param first width of each feature's layer in the quantum branch
   * @param second width after all features are joined
   * @param third width behind the circuits
   * @param last width of each branch's end
   * @param lstm units in each direction
   * @param hidden width of the classical branch's linear layer
   * @param wide width of its KAN layer
   * @param circuitLayers layers of each circuit
   * @param dropout after most layers
   * @param middle circuits, or linear layers in their place
   * @param dense what the dense layers are
   */
  @Kind("kacq-dcnn")
  public record Spec(
      int features,
      int first,
      int second,
      int third,
      int last,
      int lstm,
      int hidden,
      int wide,
      int circuitLayers,
      double dropout,
      Middle middle,
      Dense dense)
      implements RowModel.Spec {
    public Spec {
      for (int width : List.of(features, first, second, third, last, lstm, hidden, wide)) {
        Check.atLeast("features and widths", width, 1);
      }
      Check.atLeast("circuitLayers", circuitLayers, 1);
      Check.inRange("dropout", dropout, 0, 1);
    }

    /** Small, for four features. */
    public static Spec example() {
      return eighth(4);
    }

    /** The published widths. */
    public static Spec published(int features) {
      return new Spec(
          features, 112, 176, 112, 32, 64, 320, 256, 1, 0.2, Middle.CIRCUITS, Dense.KAN);
    }

    /** Widths divided by eight. */
    public static Spec eighth(int features) {
      return new Spec(features, 14, 22, 14, 4, 8, 40, 32, 1, 0.2, Middle.CIRCUITS, Dense.KAN);
    }

    /** The same with something else in the middle or other dense layers. */
    public Spec with(Middle otherMiddle, Dense otherDense) {
      return new Spec(
          features,
          first,
          second,
          third,
          last,
          lstm,
          hidden,
          wide,
          circuitLayers,
          dropout,
          otherMiddle,
          otherDense);
    }

    @Override
    public KacqDcnn build(Context context) {
      return new KacqDcnn(this, context);
    }

    @Override
    public Signature.Rows signature() {
      return new Signature.Rows(features, 2);
    }

    @Override
    public Spec fittedTo(Signature other) {
      if (other instanceof Signature.Rows(int given, int outputs) && outputs == 2) {
        return Records.with(this, Map.of("features", given));
      }
      throw new UserException(
          "this model tells two classes of rows apart, not: " + other.describe());
    }

    /** Of linear layers, splines' coefficients and LSTMs; circuits are left out. */
    @Override
    public long macs() {
      long layer = dense == Dense.KAN ? 7 : 1; // coefficients and base of a cubic spline
      long quantum =
          layer
              * ((long) features * first
                  + (long) features * first * second
                  + (long) second * CIRCUITS * AMPLITUDES
                  + (long) CIRCUITS * WIRES * third
                  + (long) third * last);
      long lstms = 2L * features * 4 * lstm * (1 + lstm + 2L * lstm + lstm);
      long classical =
          (long) features * 2 * lstm * hidden + layer * ((long) hidden * wide + (long) wide * last);
      return quantum + lstms + classical + 2L * last;
    }
  }

  private final Spec spec;
  private final DenseLayer kanIn;
  private final DenseLayer kanMid;
  private final DenseLayer kan48;
  private final List<EntanglingCircuit> circuits = new ArrayList<>();
  private final List<Linear> replacements = new ArrayList<>();
  private final DenseLayer kanOut1;
  private final DenseLayer kanOut2;
  private final Recurrent lstm1;
  private final Recurrent lstm2;
  private final Linear fc;
  private final DenseLayer kan1;
  private final DenseLayer kan2;
  private final Linear head;

  private KacqDcnn(Spec spec, Context context) {
    this.spec = spec;
    kanIn = new DenseLayer(spec.dense, 3, 1, spec.first, context);
    kanMid = new DenseLayer(spec.dense, 3, spec.features * spec.first, spec.second, context);
    kan48 = new DenseLayer(spec.dense, 5, spec.second, CIRCUITS * AMPLITUDES, context);
    for (int i = 0; i < CIRCUITS; i++) {
      switch (spec.middle) {
        case CIRCUITS -> circuits.add(new EntanglingCircuit(WIRES, spec.circuitLayers, context));
        case LINEAR -> replacements.add(new Linear(AMPLITUDES, WIRES, true, context));
      }
    }
    kanOut1 = new DenseLayer(spec.dense, 3, CIRCUITS * WIRES, spec.third, context);
    kanOut2 = new DenseLayer(spec.dense, 3, spec.third, spec.last, context);
    lstm1 = bothWays(1, spec.lstm, context);
    lstm2 = bothWays(2 * spec.lstm, spec.lstm, context);
    fc = new Linear(spec.features * 2 * spec.lstm, spec.hidden, true, context);
    kan1 = new DenseLayer(spec.dense, 3, spec.hidden, spec.wide, context);
    kan2 = new DenseLayer(spec.dense, 3, spec.wide, spec.last, context);
    head = new Linear(2 * spec.last, 1, true, context);
  }

  /**
   * A bidirectional LSTM as Keras has it, with relu for tanh: one bias, which starts at 1 for the
   * forget gate; recurrent weights start uniform (Glorot), where Keras draws orthogonal ones.
   */
  private static Recurrent bothWays(int in, int units, Context context) {
    var cell = new Lstm.Spec(Nonlinearity.RELU, Bias.INPUT);
    Recurrent lstm =
        new Recurrent.Spec(cell, units, 1, true, 0).build(in, context.forOverwriting());
    double[] bias = new double[4 * units];
    Arrays.fill(bias, units, 2 * units, 1);
    StateDict.of(lstm)
        .forEach((name, tensor) -> {
          if (!name.startsWith("bias")) {
            Init.xavierUniform(tensor, context.random());
          } else if (context.hasMemory()) {
            Context.assign(tensor, bias);
          }
        });
    return lstm;
  }

  /** {@code [rows, features]} to logits of both classes, {@code [rows, 2]}; the first is 0. */
  @Override
  public Tensor forward(Tensor x, Pass pass) {
    Tensor sequence = x.unsqueeze(2); // [rows, features, 1]
    Tensor both =
        torch.cat(new TensorVector(quantum(sequence, pass), classical(sequence, pass)), 1);
    return Losses.twoLogits(head.forward(both));
  }

  private Tensor quantum(Tensor sequence, Pass pass) {
    Tensor y = drop(kanIn.forward(sequence, pass).flatten(1, 2), pass);
    y = drop(kanMid.forward(y, pass), pass);
    y = middle(kan48.forward(y, pass)); // [rows, 12]
    y = drop(kanOut1.forward(y, pass), pass);
    return drop(kanOut2.forward(y, pass), pass);
  }

  private Tensor middle(Tensor y) {
    Tensor[] parts = new Tensor[CIRCUITS];
    for (int i = 0; i < CIRCUITS; i++) {
      Tensor part = y.narrow(1, (long) i * AMPLITUDES, AMPLITUDES);
      parts[i] =
          switch (spec.middle) {
            case CIRCUITS -> circuits.get(i).forward(part);
            case LINEAR -> replacements.get(i).forward(part).tanh();
          };
    }
    return torch.cat(new TensorVector(parts), 1);
  }

  private Tensor classical(Tensor sequence, Pass pass) {
    Tensor y = lstm2.forward(lstm1.forward(sequence, pass), pass).flatten(1, 2);
    y = drop(fc.forward(drop(y, pass)).relu(), pass);
    y = drop(kan1.forward(y, pass), pass);
    return drop(kan2.forward(y, pass), pass);
  }

  private Tensor drop(Tensor x, Pass pass) {
    return Dropout.elements(x, spec.dropout, pass);
  }

  @Override
  public Spec spec() {
    return spec;
  }

  @Override
  public void register(Registry registry) {
    registry.part("quantum.kan_in", kanIn);
    registry.part("quantum.kan_mid", kanMid);
    registry.part("quantum.kan_48", kan48);
    for (int i = 0; i < CIRCUITS; i++) {
      Part part = spec.middle == Middle.CIRCUITS ? circuits.get(i) : replacements.get(i);
      registry.part("quantum.circuit" + (i + 1), part);
    }
    registry.part("quantum.kan_out1", kanOut1);
    registry.part("quantum.kan_out2", kanOut2);
    registry.part("classical.lstm1", lstm1);
    registry.part("classical.lstm2", lstm2);
    registry.part("classical.fc", fc);
    registry.part("classical.kan1", kan1);
    registry.part("classical.kan2", kan2);
    registry.part("head", head);
  }

  /** A KAN layer, or a linear one with relu. */
  private static final class DenseLayer implements Part {
    private final Part part;

    DenseLayer(Dense kind, int gridSize, int in, int out, Context context) {
      part =
          switch (kind) {
            case KAN -> new SharedScaleSpline.Spec(gridSize, 3, -1, 1).build(in, out, context);
            case MLP -> new Linear(in, out, true, context);
          };
    }

    Tensor forward(Tensor x, Pass pass) {
      return switch (part) {
        case KanLayer kan -> kan.forward(x, pass);
        case Linear linear -> Activation.RELU.apply(linear.forward(x));
        default -> throw new IllegalStateException("a layer of another kind");
      };
    }

    @Override
    public void register(Registry registry) {
      part.register(registry);
    }
  }
}
