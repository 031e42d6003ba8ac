package org.kat4j.train;

import java.io.IOException;
import java.nio.file.Path;
import org.kat4j.task.Task;

/** A process that is killed: begins a run, or goes on where one was begun. */
final class KillChild {
  static final int EPOCHS = 12;

  /** What is trained. */
  enum Kind {
    IMAGES,
    TEXT,
    ROWS
  }

  private KillChild() {}

  public static void main(String[] arguments) throws IOException {
    Kind kind = Kind.valueOf(arguments[1]);
    try (Trainer trainer =
        begin(kind, new RunFolder(Path.of(arguments[0])), Path.of(arguments[2]))) {
      trainer.run(Monitor.SILENT);
    }
  }

  /** Something of everything that a run carries with it: dropout, an average, halves of updates. */
  private static TrainConfig config(Kind kind, Path data) throws IOException {
    return switch (kind) {
      case IMAGES ->
          TinyRun.config("schedule.epochs=" + EPOCHS, "model.depth=2", "model.dropPath=0.2");
      case TEXT -> TinyTasks.text(data, EPOCHS);
      case ROWS -> TinyTasks.config("model: {kind: dropping-rows}\n", EPOCHS);
    };
  }

  private static Task<?> task(Kind kind, TrainConfig config, Path data) {
    return switch (kind) {
      case IMAGES -> TinyRun.task(config, TinyRun.data());
      case TEXT -> TinyTasks.open(config, data);
      case ROWS -> TinyTasks.openRows();
    };
  }

  /** What somebody does who finds the folder: goes on with a run where there is one. */
  static Trainer begin(Kind kind, RunFolder folder, Path data) throws IOException {
    TrainConfig config = config(kind, data);
    Task<?> task = task(kind, config, data);
    return folder.config().toFile().exists()
        ? Trainer.resume(folder, task)
        : Trainer.start(config.fittedTo(task), folder, task);
  }
}
