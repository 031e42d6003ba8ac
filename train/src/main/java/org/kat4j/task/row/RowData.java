package org.kat4j.task.row;

import java.util.Map;
import org.kat4j.data.RowBatch;

/**
 * Rows to learn from and to choose by.
 *
 * @param name of the data, for people
 * @param classes whether targets are classes
 * @param outputs classes, or numbers of a target
 * @param train rows to learn from
 * @param validation rows to choose by, maybe none
 * @param test rows to judge by, maybe none
 * @param checksum tells these data from others
 * @param unit how many of the target's own units a number of 1 is, where numbers are scaled
 * @param meaning what inputs and outputs are, for the metadata of weights
 */
public record RowData(
    String name,
    boolean classes,
    int outputs,
    RowBatch train,
    RowBatch validation,
    RowBatch test,
    String checksum,
    double unit,
    Map<String, String> meaning) {
  /** Rows whose numbers are not scaled, and of which nothing more is known. */
  public RowData(
      String name,
      boolean classes,
      int outputs,
      RowBatch train,
      RowBatch validation,
      RowBatch test,
      String checksum) {
    this(name, classes, outputs, train, validation, test, checksum, 1, Map.of());
  }
}
