package org.kat4j.task.row;

import org.kat4j.data.RowBatch;

/**
 * Rows to learn from and to choose by.
 *
 * @param name of the data, for people
 * @param classes whether targets are classes
 * @param outputs classes, or numbers of a target
 * @param train rows to learn from
 * @param validation rows to choose by
 * @param test rows to judge by
 * @param checksum tells these data from others
 */
public record RowData(
    String name,
    boolean classes,
    int outputs,
    RowBatch train,
    RowBatch validation,
    RowBatch test,
    String checksum) {}
