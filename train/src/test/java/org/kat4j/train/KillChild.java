package org.kat4j.train;

import java.nio.file.Path;

/** A process that is killed: begins a run, or goes on where one was begun. */
final class KillChild {
  static final int EPOCHS = 12;

  private KillChild() {}

  public static void main(String[] arguments) {
    try (Trainer trainer = begin(new RunFolder(Path.of(arguments[0])))) {
      trainer.run(Monitor.SILENT);
    }
  }

  /** What somebody does who finds the folder: goes on with a run where there is one. */
  static Trainer begin(RunFolder folder) {
    return folder.config().toFile().exists()
        ? TinyRun.resume(folder)
        : TinyRun.start(
            TinyRun.config("schedule.epochs=" + EPOCHS, "model.depth=2", "model.dropPath=0.2"),
            folder,
            TinyRun.data());
  }
}
