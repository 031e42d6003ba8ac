package org.kat4j.model;

import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Supplier;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.kat4j.error.UserException;
import org.kat4j.torch.DerivedTensors;
import org.kat4j.torch.DerivedTensors.Made;
import org.kat4j.torch.TensorFile;

/**
 * A file's tensors with W_Q and W_K of each attention of one head as the one matrix of their
 * product: q = x W_Q^T + b_Q and k = y W_K^T + b_K have the product (x A^T + b) y^T with A = W_K^T
 * W_Q and b = W_K^T b_Q, but for terms that are the same for every key, which a softmax does not
 * see.
 */
final class CollapsedTensors {
  private static final String WEIGHT = ".qk.weight";

  private final TensorFile file;
  private final Map<String, Made> made = new LinkedHashMap<>();
  private final Set<String> consumed = new HashSet<>();

  private CollapsedTensors(TensorFile file) {
    this.file = file;
  }

  /**
   * @param file closed with the result
   * @param wanted names of the tensors of the model that is made
   */
  static TensorFile of(TensorFile file, Set<String> wanted) {
    CollapsedTensors all = new CollapsedTensors(file);
    for (String name : wanted) {
      if (name.endsWith(WEIGHT) && !file.contains(name)) {
        all.collapse(name.substring(0, name.length() - WEIGHT.length()), wanted);
      }
    }
    return new DerivedTensors(file, all.made, all.consumed);
  }

  /** Where rows of a tensor lie in the file. */
  private record Rows(String name, long first) {}

  private void collapse(String attention, Set<String> wanted) {
    boolean fused = file.contains(attention + ".qkv.weight");
    boolean shared = file.contains(attention + ".qk_proj.weight");
    String q = attention + (fused ? ".qkv" : shared ? ".qk_proj" : ".q_proj");
    String k = attention + (fused ? ".qkv" : shared ? ".qk_proj" : ".k_proj");
    long[] stored = file.shape(q + ".weight");
    if (stored.length != 2 || stored[0] != (fused ? 3 : 1) * stored[1]) {
      throw new UserException(
          "%s: %s.weight is not of one head as wide as the tokens".formatted(file.file(), q));
    }
    long width = stored[1];
    Rows ofQueries = new Rows(q, 0);
    Rows ofKeys = new Rows(k, fused ? width : 0);
    put(
        attention + WEIGHT,
        q + ".weight",
        new long[] {width, width},
        () -> matrix(ofKeys, width).t().matmul(matrix(ofQueries, width)));
    String bias = attention + ".qk.bias";
    if (wanted.contains(bias)) {
      put(
          bias,
          q + ".bias",
          new long[] {width},
          () -> matrix(ofKeys, width).t().matmul(rows(ofQueries, ".bias", width)));
      consumed.add(k + ".bias");
    }
    consumed.add(k + ".weight");
    for (String end : List.of(".weight", ".bias")) {
      String values = attention + ".v_proj" + end;
      if (fused && wanted.contains(values)) {
        long[] shape = end.equals(".bias") ? new long[] {width} : new long[] {width, width};
        put(values, q + end, shape, () -> rows(new Rows(q, 2 * width), end, width));
      }
    }
  }

  private void put(String name, String from, long[] shape, Supplier<Tensor> value) {
    made.put(name, new Made(shape, file.type(from), value));
    consumed.add(from);
  }

  private Tensor matrix(Rows of, long width) {
    return rows(of, ".weight", width);
  }

  /** In float64, so that a product is rounded once. */
  private Tensor rows(Rows of, String end, long width) {
    Tensor all = file.read(of.name + end);
    if (all.dim() < 1 || all.size(0) < of.first + width) {
      throw new UserException(
          "%s: %s%s has %d rows of %d"
              .formatted(file.file(), of.name, end, all.size(0), of.first + width));
    }
    return all.narrow(0, of.first, width).to(ScalarType.Double);
  }
}
