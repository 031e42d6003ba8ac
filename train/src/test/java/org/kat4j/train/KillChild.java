package org.kat4j.train;

import java.nio.file.Path;

/** The process that {@link KillTest} kills: begins a run, or goes on where one was begun. */
final class KillChild {
  static final int EPOCHS = 12;

  private KillChild() {}

  public static void main(String[] arguments) {
    RunFolder folder = new RunFolder(Path.of(arguments[0]));
    Trainer trainer =
        folder.config().toFile().exists()
            ? Trainer.resume(folder, TinyRun.data())
            : Trainer.start(
                TinyRun.config("schedule.epochs=" + EPOCHS, "model.depth=2", "model.dropPath=0.2"),
                folder,
                TinyRun.data());
    trainer.run(Monitor.SILENT);
  }
}
