package org.kat4j.cli;

import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import org.kat4j.serve.Server;
import org.kat4j.serve.Settings;
import org.kat4j.torch.Precision;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code kat4j serve}. */
@Command(
    name = "serve",
    mixinStandardHelpOptions = true,
    description = {
      "Answers POST /predict with the classes of an image, or, with a language model, POST /generate with a text as it is written; a page to try it on is at /.",
      "Listens on this machine only, unless --host says otherwise."
    })
final class ServeCommand implements Callable<Integer> {
  @Mixin private final WeightsOptions weights = new WeightsOptions();
  @Mixin private final PrecisionOption precision = new PrecisionOption();

  @Option(
      names = "--port",
      paramLabel = "N",
      defaultValue = "8080",
      description = "0 for any free one; default: ${DEFAULT-VALUE}.")
  private int port;

  @Option(
      names = "--host",
      paramLabel = "NAME",
      defaultValue = "127.0.0.1",
      description = "Interface to listen on, 0.0.0.0 for all; default: ${DEFAULT-VALUE}.")
  private String host = "127.0.0.1";

  @Option(
      names = "--max-bytes",
      paramLabel = "N",
      defaultValue = "10485760",
      description = "Largest image or request as sent; default: ${DEFAULT-VALUE}.")
  private int maxBytes;

  @Option(
      names = "--max-batch",
      paramLabel = "N",
      defaultValue = "32",
      description = "Images that go through the model together; default: ${DEFAULT-VALUE}.")
  private int maxBatch;

  @Option(
      names = "--wait",
      paramLabel = "MS",
      defaultValue = "3",
      description = "Longest time that an image waits for others; default: ${DEFAULT-VALUE}.")
  private int waitMillis;

  @Override
  public Integer call() throws InterruptedException {
    Settings standard = Settings.local(port);
    Settings settings =
        new Settings(
            host,
            port,
            maxBytes,
            standard.maxPixels(),
            maxBatch,
            waitMillis,
            standard.queue(),
            standard.requestSeconds());
    Server server = started(settings);
    CountDownLatch ended = new CountDownLatch(1);
    Runtime.getRuntime()
        .addShutdownHook(
            new Thread(() -> {
              server.close();
              ended.countDown();
            }));
    var address = server.address();
    System.out.printf(
        "http://%s:%d/ answers; Ctrl-C ends%n",
        address.getAddress().getHostAddress(), address.getPort());
    ended.await();
    return 0;
  }

  /** What it serves goes by what the model reads. */
  private Server started(Settings settings) {
    Precision asked = precision.on(weights.device());
    return weights.areOfTexts()
        ? Server.start(weights.writer(asked), settings)
        : Server.start(weights.classifier(asked), settings);
  }
}
