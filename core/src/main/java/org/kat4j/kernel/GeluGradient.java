package org.kat4j.kernel;

import org.bytedeco.pytorch.Tensor;

/**
 * What goes back through gelu(x + bias).
 *
 * @param input dL/dx {@code [rows, columns]}
 * @param bias the sums of its columns, in float64 for float64, else in float32
 */
public record GeluGradient(Tensor input, Tensor bias) {}
