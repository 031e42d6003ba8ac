package org.kat4j.explain.report;

import org.bytedeco.pytorch.Tensor;
import org.kat4j.model.Model;
import org.kat4j.model.RowModel;
import org.kat4j.torch.Device;
import org.kat4j.torch.Memory;
import org.kat4j.torch.Pass;
import org.kat4j.torch.Scope;
import org.kat4j.torch.StateDict;
import org.kat4j.torch.Tap;

/**
 * The first rows of some.
 *
 * @param rows {@code [rows, features]}
 */
record RowProbe(Tensor rows) implements Probe {
  private static final long MOST = 1024;

  private long count() {
    return Math.min(MOST, rows.size(0));
  }

  @Override
  public void pass(Model model, Tap tap) {
    Tensor any = StateDict.of(model).firstEntry().getValue();
    try (Scope _ = Scope.open();
        var _ = Scope.noGradients()) {
      Tensor some = Memory.to(rows.narrow(0, 0, count()), Device.of(any));
      RowModel.of(model).forward(some.to(any.scalar_type()), Pass.evaluation(tap));
    }
  }

  @Override
  public String samples() {
    return count() + " rows";
  }
}
