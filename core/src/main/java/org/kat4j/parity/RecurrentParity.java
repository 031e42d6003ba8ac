package org.kat4j.parity;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.SequencedMap;
import org.bytedeco.pytorch.Tensor;
import org.kat4j.recurrent.Bias;
import org.kat4j.recurrent.Cell;
import org.kat4j.recurrent.Gru;
import org.kat4j.recurrent.Lstm;
import org.kat4j.recurrent.Nonlinearity;
import org.kat4j.recurrent.Recurrent;
import org.kat4j.recurrent.Rnn;
import org.kat4j.torch.Backpropagation;
import org.kat4j.torch.Context;
import org.kat4j.torch.Pass;

/** PyTorch's recurrent layers, from given states or from zeros. */
public final class RecurrentParity implements ParityAdapter {
  private static final String TORCH = "torch.nn.";

  @Override
  public boolean covers(Golden golden) {
    return List.of("RNN", "LSTM", "GRU").contains(kind(golden));
  }

  private static String kind(Golden golden) {
    String type = golden.text("cls");
    return type.startsWith(TORCH) ? type.substring(TORCH.length()) : "";
  }

  @Override
  public void run(Golden golden, Comparison comparison) {
    if (golden.config().path("proj_size").asInt(0) != 0) {
      throw new UnsupportedOperationException("LSTMs with a projected state (proj_size)");
    }
    Recurrent layers =
        spec(golden)
            .build(
                golden.config().path("input_size").asInt(),
                Context.cpu(0).withDType(comparison.dtype()));
    double tolerance = comparison.tolerance(1e-11, 1e-5);
    RecordedPart recorded = RecordedPart.load(golden, layers, tolerance, comparison);
    boolean batchFirst = golden.config().path("batch_first").asBoolean(false);
    Tensor x = recorded.input("x");
    Tensor read = batchFirst ? x : x.transpose(0, 1);
    List<String> names = kind(golden).equals("LSTM") ? List.of("h", "c") : List.of("h");
    Cell.Sequence result =
        layers.forward(read, state(golden, recorded, names, read), Pass.evaluation());
    Tensor y = batchFirst ? result.outputs() : result.outputs().transpose(0, 1);
    compare(golden, recorded, names, y, result.last());
  }

  private static Recurrent.Spec spec(Golden golden) {
    var config = golden.config();
    Bias bias = config.path("bias").asBoolean(true) ? Bias.BOTH : Bias.NONE;
    Cell.Spec cell =
        switch (kind(golden)) {
          case "LSTM" -> new Lstm.Spec(Nonlinearity.TANH, bias);
          case "GRU" -> new Gru.Spec(bias);
          default ->
              new Rnn.Spec(
                  config.path("nonlinearity").asString("tanh").equals("relu")
                      ? Nonlinearity.RELU
                      : Nonlinearity.TANH,
                  bias);
        };
    return new Recurrent.Spec(
        cell,
        config.path("hidden_size").asInt(),
        config.path("num_layers").asInt(1),
        config.path("bidirectional").asBoolean(false),
        config.path("dropout").asDouble(0));
  }

  /** Recorded as h0 and c0; zeros where it was not given. */
  private static List<Tensor> state(
      Golden golden, RecordedPart recorded, List<String> names, Tensor x) {
    List<Tensor> state = new ArrayList<>();
    Recurrent.Spec spec = spec(golden);
    for (String name : names) {
      state.add(
          golden.has("input." + name + "0")
              ? recorded.input(name + "0")
              : x.detach()
                  .new_zeros(
                      (long) spec.layers() * (spec.out() / spec.hidden()),
                      x.size(0),
                      spec.hidden()));
    }
    return state;
  }

  private static void compare(
      Golden golden, RecordedPart recorded, List<String> names, Tensor y, List<Tensor> last) {
    SequencedMap<String, Tensor> outputs = new LinkedHashMap<>();
    outputs.put(golden.has("output") ? "" : ".y", y);
    for (int i = 0; i < names.size(); i++) {
      outputs.put("." + names.get(i), last.get(i));
    }
    outputs.keySet().removeIf(name -> !golden.has("output" + name));
    outputs.forEach((name, tensor) -> recorded.compare("output" + name, tensor));
    List<Tensor> sums = new ArrayList<>();
    outputs.forEach((name, tensor) -> {
      if (golden.has("weight.out" + name)) {
        Tensor weight = golden.read("weight.out" + name);
        sums.add(tensor.mul(weight.to(tensor.scalar_type())).sum());
      }
    });
    Backpropagation.run(sums.stream().reduce(Tensor::add).orElseThrow());
    recorded.compareGradients();
  }
}
