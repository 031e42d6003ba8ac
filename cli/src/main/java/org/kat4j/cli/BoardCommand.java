package org.kat4j.cli;

import java.nio.file.Path;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import org.kat4j.explain.board.Board;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code kat4j board}. */
@Command(
    name = "board",
    mixinStandardHelpOptions = true,
    description = "Serves a folder of runs to this machine: curves that follow the training.")
final class BoardCommand implements Callable<Integer> {
  @Parameters(
      arity = "0..1",
      paramLabel = "DIR",
      defaultValue = "runs",
      description = "Folder of runs, or one run; default: ${DEFAULT-VALUE}.")
  private Path folder = Path.of("runs");

  @Option(
      names = "--port",
      paramLabel = "N",
      defaultValue = "6006",
      description = "0 for any free one; default: ${DEFAULT-VALUE}.")
  private int port;

  @Override
  public Integer call() throws InterruptedException {
    try (Board board = Board.start(folder, port)) {
      System.out.printf("%s shows %s; Ctrl-C ends%n", board.address(), folder);
      new CountDownLatch(1).await(); // Ctrl-C ends the process
    }
    return 0;
  }
}
