package org.kat4j.data;

import java.util.List;
import org.bytedeco.pytorch.Tensor;

/**
 * Rows of numbers and what a model should say to them.
 *
 * @param x {@code [rows, features]}
 * @param y the class of each row, int64 {@code [rows]}, or numbers {@code [rows, outputs]}
 */
public record RowBatch(Tensor x, Tensor y) implements Batch {
  @Override
  public int samples() {
    return (int) x.size(0);
  }

  @Override
  public List<Tensor> tensors() {
    return List.of(x, y);
  }

  @Override
  public RowBatch over(List<Tensor> others) {
    return new RowBatch(others.get(0), others.get(1));
  }
}
