package org.kat4j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The configuration of a convolutional network on a tiny folder of images, through the commands.
 */
class ConvNetCommandsTest {
  @TempDir private Path folder = Path.of("");

  @Test
  void trainsGoesOnEvaluatesPredictsAndReports() throws IOException {
    Path images = TestFiles.imageFolder(folder.resolve("images"));
    String run = folder.resolve("run").toString();
    String settings =
        "train --config ../configs/fashion-mnist-convkan.yaml --epochs 2 --batch-size 4 --steps 2"
            + " --json --set model.width=4 --set task.data.holdOut=0 --set threads=1";
    CommandRun training =
        CommandRun.of((settings + " --data " + images + " --out " + run).split(" "));
    assertThat(training.code()).as(training.err()).isZero();
    CommandRun resumed = CommandRun.of("train", "--resume", "--out", run, "--json");
    assertThat(resumed.code()).as(resumed.err()).isZero();
    assertThat(resumed.json().get("finished").booleanValue()).isTrue();
    CommandRun eval = CommandRun.of("eval", "--run", run, "--json");
    assertThat(eval.json().get("loss").doubleValue()).isBetween(0.0, 10.0);
    String picture = images.resolve("val/across/4.png").toString();
    CommandRun prediction = CommandRun.of("predict", "--run", run, picture);
    assertThat(prediction.out()).contains("across", "upright");
    assertThat(folder.resolve("run/report.html")).content().contains("Reliability");
    String weights = folder.resolve("run/checkpoints/last.safetensors").toString();
    CommandRun refused =
        CommandRun.of("convert", weights, folder.resolve("x").toString(), "--to-kat");
    assertThat(refused.code()).isEqualTo(2);
    assertThat(refused.err()).contains("these weights are a convnet: only vision transformers");
  }
}
