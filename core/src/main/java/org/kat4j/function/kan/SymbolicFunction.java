package org.kat4j.function.kan;

import java.util.Arrays;
import java.util.List;
import java.util.function.DoubleUnaryOperator;
import java.util.function.UnaryOperator;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.kat4j.error.NearestName;
import org.kat4j.error.UserException;

/**
 * Functions that an edge of a KAN may be recognised as, with pykan's complexities.
 *
 * <p>On tensors, for training, functions with a pole or an edge of their domain are continued
 * beyond it, so that no step ends in NaN: roots and logarithms of the absolute value, kept away
 * from 0; inverse sines and tangents of the value kept within [-1, 1]. On numbers they are the
 * functions themselves. Source: KAN, arXiv 2404.19756, and the library of KindXiaoming/pykan.
 */
public enum SymbolicFunction {
  ZERO("0", 0, x -> 0, torch::zeros_like),
  IDENTITY("x", 1, x -> x, x -> x),
  SQUARE("x^2", 2, x -> x * x, Tensor::square),
  CUBE("x^3", 3, x -> x * x * x, x -> power(x, 3)),
  FOURTH("x^4", 3, x -> Math.pow(x, 4), x -> power(x, 4)),
  FIFTH("x^5", 3, x -> Math.pow(x, 5), x -> power(x, 5)),
  INVERSE("1/x", 2, x -> 1 / x, x -> awayFromZero(x).reciprocal()),
  INVERSE_SQUARE("1/x^2", 2, x -> 1 / (x * x), x -> power(awayFromZero(x), -2)),
  INVERSE_CUBE("1/x^3", 3, x -> 1 / (x * x * x), x -> power(awayFromZero(x), -3)),
  ROOT("sqrt", 2, Math::sqrt, x -> positive(x).sqrt()),
  INVERSE_ROOT("1/sqrt", 2, x -> 1 / Math.sqrt(x), x -> positive(x).rsqrt()),
  POWER_3_2("x^1.5", 4, x -> x * Math.sqrt(x), x -> power(positive(x), 1.5)),
  EXP("exp", 2, Math::exp, x -> x.clamp_max(scalar(300)).exp()),
  LOG("log", 2, Math::log, x -> positive(x).log()),
  ABS("abs", 3, Math::abs, Tensor::abs),
  SIN("sin", 2, Math::sin, Tensor::sin),
  COS("cos", 2, Math::cos, Tensor::cos),
  TAN("tan", 3, Math::tan, Tensor::tan),
  TANH("tanh", 3, Math::tanh, Tensor::tanh),
  GAUSSIAN("gaussian", 3, x -> Math.exp(-x * x), x -> x.square().neg().exp()),
  ARCSIN("arcsin", 4, Math::asin, x -> torch.asin(inUnit(x))),
  ARCCOS("arccos", 4, Math::acos, x -> torch.acos(inUnit(x))),
  ARCTAN("arctan", 4, Math::atan, Tensor::atan),
  ARCTANH("arctanh", 4, SymbolicFunction::arctanh, x -> torch.atanh(inUnit(x)));

  private static final double SMALLEST = 1e-12;

  private final String symbol;
  private final int complexity;
  private final DoubleUnaryOperator value;
  private final UnaryOperator<Tensor> tensors;

  SymbolicFunction(
      String symbol, int complexity, DoubleUnaryOperator value, UnaryOperator<Tensor> tensors) {
    this.symbol = symbol;
    this.complexity = complexity;
    this.value = value;
    this.tensors = tensors;
  }

  /** Its name in a library and in files: {@code x^2}, {@code sin}. */
  public String symbol() {
    return symbol;
  }

  /** How much it costs to be chosen, 0 to 4. */
  public int complexity() {
    return complexity;
  }

  /** The function itself; NaN outside of its domain. */
  public double at(double x) {
    return value.applyAsDouble(x);
  }

  /** The function of every element, continued beyond its domain. */
  Tensor of(Tensor x) {
    return tensors.apply(x);
  }

  /**
   * The function of this name.
   *
   * @throws UserException naming the nearest one
   */
  public static SymbolicFunction named(String symbol) {
    List<String> known = Arrays.stream(values()).map(SymbolicFunction::symbol).toList();
    int index = known.indexOf(symbol);
    if (index < 0) {
      throw NearestName.unknown("function", symbol, known);
    }
    return values()[index];
  }

  private static double arctanh(double x) {
    return 0.5 * Math.log((1 + x) / (1 - x));
  }

  private static Tensor power(Tensor x, double exponent) {
    return x.pow(scalar(exponent));
  }

  private static Tensor positive(Tensor x) {
    return x.abs().clamp_min(scalar(SMALLEST));
  }

  private static Tensor awayFromZero(Tensor x) {
    return torch.where(
        x.ge(scalar(0)), x.clamp_min(scalar(SMALLEST)), x.clamp_max(scalar(-SMALLEST)));
  }

  private static Tensor inUnit(Tensor x) {
    return x.clamp_min(scalar(SMALLEST - 1)).clamp_max(scalar(1 - SMALLEST));
  }

  private static Scalar scalar(double value) {
    return new Scalar(value);
  }
}
