package org.kat4j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a user can get wrong ends in exit code 2 and one line that helps; no file is touched. */
class MistakesTest {
  @TempDir private static Path folder = Path.of("");
  private static Path images = Path.of("");
  private static Path run = Path.of("");

  @BeforeAll
  static void train() throws IOException {
    images = TestFiles.imageFolder(folder.resolve("images"));
    run = folder.resolve("run");
    assertThat(CommandRun.of(TestFiles.training(images, run)).code()).isZero();
  }

  @Test
  void unknownNames() throws IOException {
    assertRefused("kat_tiny", "train", "--model", "kat_tinny");
    assertRefused("kat_tiny", "models", "kat_tinny");
    assertRefused("strokes", "train", "--data", "stroks");
    assertRefused("did you mean train?", "trian");
    assertRefused("unknown claim '99'", "lab", "run", "99");
    assertRefused("did you mean 'quick'", "lab", "run", "9", "--budget", "quik");
    assertRefused("no claim was run here", "lab", "report", "--runs", "nowhere");
    assertRefused("--epochs", "train", "--epoks", "3");
    assertRefused("cuda:99", "train", "--device", "cuda:99");
    assertRefused("cuda:99", "bench", "kan", "--device", "cuda:99");
  }

  @Test
  void valuesOutOfRange() throws IOException {
    assertRefused("epochs = -1", "train", "--epochs", "-1");
    assertRefused("'many'", "train", "--epochs", "many");
    assertRefused("key=value", "train", "--set", "seed");
    assertRefused("labelSmoothing = 2", "train", "--set", "task.labelSmoothing=2");
    assertRefused("optimizer.lr = fast", "train", "--set", "optimizer.lr=fast");
    assertRefused("model: heads = 5 does not divide", "train", "--set", "model.tokenMixer.heads=5");
    assertRefused("precision tf32 on cpu", "train", "--set", "precision=tf32");
    assertRefused("bfloat16", "train", "--set", "precision=fp16");
    assertRefused("'fp8' is not known", "bench", "train", "--precision", "fp8");
    assertRefused("'fp8' is not known", "bench", "kan", "--precision", "fp8");
    assertRefused("precision tf32 on cpu", "bench", "kan", "--precision", "tf32");
    assertRefused("vit_micro", "bench", "infer", "--models", "vit_mikro");
    assertRefused("--batch-sizes 0", "bench", "infer", "--batch-sizes", "0");
    assertRefused("optimizer: lr = -1", "train", "--set", "optimizer.lr=-1");
    assertRefused("--seeds 1", "lab", "run", "9", "--seeds", "1");
  }

  @Test
  void configurationFiles() throws IOException {
    assertRefused("schedule", "train", "--config", file("a.yaml", "schedule:\n  epoch: 3\n"));
    assertRefused("epochs", "train", "--config", file("a.yaml", "schedule:\n  epoch: 3\n"));
    assertRefused("b.yaml", "train", "--config", file("b.yaml", "schedule: {epochs: 3,\n  war"));
    assertRefused("no such file", "train", "--config", folder.resolve("none.yaml").toString());
    assertRefused("images", "train", "--config", images.toString());
    assertRefused("c.yaml", "train", "--config", file("c.yaml", "[".repeat(100_000)));
    assertRefused("d.yaml", "train", "--config", file("d.yaml", "seed: 1\nseed: 2\n"));
    Path binary = Files.write(folder.resolve("e.yaml"), new byte[] {(byte) 0xff, (byte) 0xfe, 0});
    assertRefused("e.yaml", "train", "--config", binary.toString());
  }

  @Test
  void imageFolders() throws IOException {
    Path empty = Files.createDirectories(folder.resolve("empty"));
    assertRefused("train", "train", "--data", empty.toString());
    Path corrupt = TestFiles.imageFolder(folder.resolve("corrupt"));
    Files.writeString(corrupt.resolve("train/across/1.png"), "not an image");
    assertRefused("1.png", "train", "--data", corrupt.toString());
    Path one = TestFiles.imageFolder(folder.resolve("one"));
    for (String part : new String[] {"train", "val"}) {
      Files.move(one.resolve(part + "/across"), one.resolve(part + "/upright/across"));
    }
    assertRefused("one level too deep", "train", "--data", one.toString());
    Path oblong = TestFiles.oblongFolder(folder.resolve("oblong"));
    assertRefused("task.data.imageSize", "train", "--data", oblong.toString());
  }

  @Test
  void runFolders() throws IOException {
    assertRefusedAt(run, "not empty", TestFiles.training(images, run));
    Path inTheWay = Files.writeString(folder.resolve("file"), "a file");
    assertRefusedAt(inTheWay, "run folder", TestFiles.training(images, inTheWay.resolve("run")));
    assertRefusedAt(inTheWay, "run folder", TestFiles.training(images, inTheWay));
    assertRefused("no run here", "train", "--resume"); // --out is a folder that is not there
    assertRefusedAt(run, "--out", "train", "--resume");
    assertRefusedAt(
        run, "own configuration", "train", "--resume", "--out", run.toString(), "--seed", "3");
    assertRefusedAt(images, "no run here", "eval", "--run", images.toString());
  }

  @Test
  void weights() throws IOException {
    Path whole = run.resolve("checkpoints/best.safetensors");
    byte[] bytes = Files.readAllBytes(whole);
    Path truncated =
        Files.write(folder.resolve("cut.safetensors"), Arrays.copyOf(bytes, bytes.length - 9));
    Path huge = folder.resolve("huge.safetensors");
    var length = ByteBuffer.allocate(64).order(ByteOrder.LITTLE_ENDIAN).putLong(0, 1L << 60);
    Files.write(huge, length.array());
    String image = images.resolve("val/across/4.png").toString();
    for (Path broken : List.of(truncated, huge, folder.resolve("none.safetensors"), images)) {
      String name = broken.getFileName().toString();
      assertRefusedAt(
          run, name, "eval", "--data", images.toString(), "--weights", broken.toString());
      assertRefusedAt(run, name, "predict", "--weights", broken.toString(), image);
      assertRefusedAt(run, name, "parity", broken.toString());
    }
    assertRefusedAt(run, "config", "parity", whole.toString());
    assertRefusedAt(run, "--data", "eval", "--weights", whole.toString());
    assertRefusedAt(run, "--run", "eval");
  }

  @Test
  void imagesThatDoNotFitTheModel() throws IOException {
    assertRefusedAt(run, "1 x 28 x 28", "eval", "--run", run.toString(), "--data", "strokes");
    String broken = file("broken.png", "not an image");
    assertRefusedAt(run, "broken.png", "predict", "--run", run.toString(), broken);
    assertRefusedAt(run, "none.png", "predict", "--run", run.toString(), "none.png");
    String image = images.resolve("val/across/4.png").toString();
    assertRefusedAt(run, "--top 0", "predict", "--run", run.toString(), "--top", "0", image);
    String[] float16 = {"--run", run.toString(), "--precision", "float16"};
    for (String command : List.of("eval", "serve")) {
      assertRefusedAt(run, "a GPU only", command, float16[0], float16[1], float16[2], float16[3]);
    }
    assertRefusedAt(
        run, "'int8'", "predict", "--run", run.toString(), "--precision", "int8", image);
  }

  private static String file(String name, String text) throws IOException {
    return Files.writeString(folder.resolve(name), text).toString();
  }

  /** Runs a command that would write to a new folder. */
  private static void assertRefused(String message, String... arguments) throws IOException {
    Path out = folder.resolve("out");
    String[] all = arguments;
    if (arguments[0].equals("train")) {
      all = Arrays.copyOf(arguments, arguments.length + 2);
      all[arguments.length] = "--out";
      all[arguments.length + 1] = out.toString();
    }
    assertRefusedAt(out, message, all);
  }

  /** Checks exit code, the one line (the pointer to the help aside) and that files stay. */
  private static void assertRefusedAt(Path place, String message, String... arguments)
      throws IOException {
    Map<String, String> before = content(place);
    CommandRun refused = CommandRun.of(arguments);
    String command = String.join(" ", arguments);
    assertThat(refused.err()).as(command).startsWith("kat4j: ").contains(message);
    assertThat(refused.err().lines().filter(line -> !line.startsWith("Try '")))
        .as(command)
        .hasSize(1);
    assertThat(refused.code()).as(command).isEqualTo(2);
    assertThat(content(place)).as(command).isEqualTo(before);
  }

  /** The paths under a place and when they were written; empty where there is nothing. */
  private static Map<String, String> content(Path place) throws IOException {
    Map<String, String> all = new TreeMap<>();
    if (Files.exists(place)) {
      try (Stream<Path> paths = Files.walk(place)) {
        for (Path path : paths.toList()) {
          all.put(path.toString(), Files.getLastModifiedTime(path).toString());
        }
      }
    }
    return all;
  }
}
