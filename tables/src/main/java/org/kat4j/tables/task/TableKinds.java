package org.kat4j.tables.task;

import java.util.List;
import org.kat4j.config.Kinds;

/** The task that a configuration may choose for a table. */
public final class TableKinds implements Kinds {
  @Override
  public List<Class<? extends Record>> records() {
    return List.of(TableTask.class);
  }
}
