package org.kat4j.model;

import org.bytedeco.pytorch.Tensor;
import org.kat4j.error.UserException;
import org.kat4j.torch.Context;
import org.kat4j.torch.Pass;

/** A network that reads rows of numbers: those of a table, or the features of something. */
public interface RowModel extends Model {
  /**
   * @param rows {@code [batch, features]}
   * @return {@code [batch, outputs]}
   */
  Tensor forward(Tensor rows, Pass pass);

  @Override
  Spec spec();

  /** A model of rows. */
  static RowModel of(Model model) {
    if (model instanceof RowModel rows) {
      return rows;
    }
    throw new UserException(
        "this model does not read rows: " + model.spec().signature().describe());
  }

  /** A model of rows as data. */
  interface Spec extends Model.Spec {
    @Override
    RowModel build(Context context);

    @Override
    Signature.Rows signature();
  }
}
