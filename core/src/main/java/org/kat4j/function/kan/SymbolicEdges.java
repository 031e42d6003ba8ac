package org.kat4j.function.kan;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.kat4j.torch.Context;
import org.kat4j.torch.Memory;
import org.kat4j.torch.Part;
import org.kat4j.torch.Registry;
import org.kat4j.torch.Scope;

/**
 * Edges of a layer that are named functions: y_o = sum over i of mask[o,i] (c f_oi(a x_i + b) + d).
 *
 * <p>Source: KAN, arXiv 2404.19756; names of KindXiaoming/pykan's {@code symbolic_fun}.
 */
public final class SymbolicEdges implements Part {
  /**
   * One edge, c f(a x + b) + d.
   *
   * @param function f
   */
  public record Form(SymbolicFunction function, double a, double b, double c, double d) {
    /** The edge's value; NaN outside of the function's domain. */
    public double at(double x) {
      return c * function.at(a * x + b) + d;
    }
  }

  private static final int AFFINE = 4;

  private final int in;
  private final int out;
  private final SymbolicFunction[] functions; // [out, in]
  private final Tensor mask; // [out, in]
  private final Tensor affine; // [out, in, 4]: a, b, c, d

  SymbolicEdges(int in, int out, Context context) {
    this.in = in;
    this.out = out;
    functions = new SymbolicFunction[Math.multiplyExact(out, in)];
    Arrays.fill(functions, SymbolicFunction.ZERO);
    mask = context.buffer(new double[] {0}, out, in);
    affine = context.parameter(out, in, AFFINE);
  }

  void fix(int input, int output, Form form) {
    functions[output * in + input] = form.function;
    try (Scope _ = Scope.open();
        var _ = Scope.noGradients()) {
      mask.select(0, output).select(0, input).fill_(new Scalar(1));
      Context.assign(affine.select(0, output).select(0, input), form.a, form.b, form.c, form.d);
    }
  }

  /** Whether the edge is a named function. */
  public boolean fixed(int input, int output) {
    return functions[output * in + input] != SymbolicFunction.ZERO;
  }

  /** Whether any edge is. */
  boolean any() {
    return Arrays.stream(functions).anyMatch(f -> f != SymbolicFunction.ZERO);
  }

  /** The edge as it stands. */
  public Form form(int input, int output) {
    try (Scope _ = Scope.open()) {
      double[] p = Memory.doubles(affine.select(0, output).select(0, input));
      return new Form(functions[output * in + input], p[0], p[1], p[2], p[3]);
    }
  }

  /** {@code [out, in, 4]}: a, b, c, d. */
  Tensor affine() {
    return affine;
  }

  /** Values of the edges, {@code [rows, out, in]}. */
  Tensor values(Tensor x) {
    List<Tensor> columns = new ArrayList<>();
    for (int o = 0; o < out; o++) {
      for (int i = 0; i < in; i++) {
        columns.add(value(x.select(1, i), affine.select(0, o).select(0, i), o, i));
      }
    }
    return stacked(columns).view(-1, out, in);
  }

  /** Derivatives of the edges' values by a, b, c and d, {@code [rows, out, in, 4]}. */
  Tensor byAffine(Tensor x) {
    List<Tensor> columns = new ArrayList<>();
    for (int o = 0; o < out; o++) {
      for (int i = 0; i < in; i++) {
        Tensor input = x.select(1, i);
        Tensor zero = torch.zeros_like(input);
        if (!fixed(i, o)) {
          columns.addAll(List.of(zero, zero, zero, zero));
          continue;
        }
        SymbolicFunction f = functions[o * in + i];
        Tensor inner = inner(input, affine.select(0, o).select(0, i));
        Tensor c = affine.select(0, o).select(0, i).select(0, 2);
        Tensor byInner = Slope.of(f::of, inner).mul(c);
        columns.addAll(List.of(byInner.mul(input), byInner, f.of(inner), torch.ones_like(input)));
      }
    }
    return stacked(columns).view(-1, out, in, AFFINE);
  }

  /** Derivatives of the edges' values by their inputs, {@code [rows, out, in]}. */
  Tensor slopes(Tensor x) {
    List<Tensor> columns = new ArrayList<>();
    for (int o = 0; o < out; o++) {
      for (int i = 0; i < in; i++) {
        Tensor input = x.select(1, i);
        Tensor p = affine.select(0, o).select(0, i);
        columns.add(
            fixed(i, o)
                ? Slope.of(functions[o * in + i]::of, inner(input, p))
                    .mul(p.select(0, 0))
                    .mul(p.select(0, 2))
                : torch.zeros_like(input));
      }
    }
    return stacked(columns).view(-1, out, in);
  }

  private Tensor value(Tensor input, Tensor p, int o, int i) {
    if (!fixed(i, o)) {
      return torch.zeros_like(input);
    }
    return functions[o * in + i].of(inner(input, p)).mul(p.select(0, 2)).add(p.select(0, 3));
  }

  private static Tensor inner(Tensor input, Tensor p) {
    return input.mul(p.select(0, 0)).add(p.select(0, 1));
  }

  private static Tensor stacked(List<Tensor> columns) {
    return torch.stack(new TensorVector(columns.toArray(Tensor[]::new)), 1);
  }

  @Override
  public void register(Registry registry) {
    registry.tensor("mask", mask);
    registry.tensor("affine", affine);
  }
}
