package org.kat4j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.kat4j.model.ImageModel;
import org.kat4j.model.Model;
import org.kat4j.model.Weights;
import org.kat4j.model.WeightsFile;
import org.kat4j.torch.Context;
import org.kat4j.torch.Safetensors;
import org.kat4j.torch.Scope;

/** Weights from form to form, into a fine-tuning and behind a server, as a user does it. */
class WeightsCommandsTest {
  private static final int TERMINATED = 128 + 15;

  @TempDir private static Path folder = Path.of("");
  private static Path images = Path.of("");
  private static Path vit = Path.of("");

  @BeforeAll
  static void makeAViT() throws IOException {
    images = TestFiles.imageFolder(folder.resolve("images"));
    vit = folder.resolve("vit.safetensors");
    Model model = ImageModel.Spec.named("vit_nano").withInput(32, 3, 10).build(Context.cpu(3));
    Weights.save(
        vit,
        model,
        Map.of(
            Weights.CLASSES, "0\n1\n2\n3\n4\n5\n6\n7\n8\n9",
            Weights.MEAN, "0.5,0.5,0.5",
            Weights.DEVIATION, "0.5,0.5,0.5"));
  }

  private static CommandRun ok(String... arguments) {
    CommandRun run = CommandRun.of(arguments);
    assertThat(run.err()).as(String.join(" ", arguments)).isEmpty();
    assertThat(run.code()).isZero();
    return run;
  }

  @Test
  void aViTBecomesAKatInHubLayoutAndPredictsTheSame() {
    Path kat = folder.resolve("kat");
    CommandRun convert = ok("convert", vit.toString(), kat.toString(), "--to-kat", "--json");
    assertThat(convert.out()).contains("of learnable functions new", "16 images of noise");
    assertThat(convert.json().get("largestDifference").doubleValue())
        .isPositive()
        .isLessThan(0.05 * convert.json().get("largestLogit").doubleValue());
    assertThat(kat.resolve("config.json")).exists();
    String image = images.resolve("val/across/4.png").toString();
    CommandRun a = ok("predict", "--weights", vit.toString(), image, "--json");
    CommandRun b = ok("predict", "--weights", kat.toString(), image, "--json");
    assertThat(b.json().get("label")).isEqualTo(a.json().get("label"));

    Path flash = folder.resolve("flash.safetensors");
    CommandRun renamed =
        ok("convert", kat.toString(), flash.toString(), "--naming", "flash-kat", "--json");
    assertThat(renamed.json().get("largestDifference").doubleValue()).isZero();
  }

  @Test
  void mistakesLeaveNothingBehind() throws IOException {
    Path out = folder.resolve("out");
    String[][] mistakes = {
      {"no such file", "none.pth", out.toString()},
      {"flash-kat", vit.toString(), out.toString(), "--naming", "flashkat"},
      {"no learnable functions", vit.toString(), out.toString(), "--naming", "kat"},
      {"multiple of the patch size", vit.toString(), out.toString(), "--image-size", "33"},
      {"--classes 0", vit.toString(), out.toString(), "--classes", "0"},
      {"no PyTorch checkpoint", vit.toString(), out.toString(), "--take", "state_dict"},
      {"hub:OWNER/NAME", "hub:../x", out.toString()},
      {"exists", vit.toString(), vit.toString()},
    };
    for (String[] mistake : mistakes) {
      String[] arguments = mistake.clone();
      arguments[0] = "convert";
      CommandRun run = CommandRun.of(arguments);
      assertThat(run.err()).startsWith("kat4j: ").contains(mistake[0]);
      assertThat(run.code()).isEqualTo(2);
      assertThat(out).doesNotExist();
    }
  }

  /** As a training in parallel leaves them: no metadata, a prefix before every name. */
  @Test
  void bareWeightsSayWhatTheyCanAndTheRestIsSaid() {
    Path bare = folder.resolve("bare.safetensors");
    rewritten(bare, "module.", false);
    CommandRun convert =
        ok(
            "convert",
            "--model",
            "vit_nano_patch16_384",
            bare.toString(),
            folder.resolve("bare").toString());
    assertThat(convert.out())
        .contains("56 tensors copied", "assumed from the name: pixels less 0.5,0.5,0.5 by 0.5");
    assertThat(folder.resolve("bare/config.json")).content().contains("\"crop_pct\" : 1.0");
  }

  /** Into the layout of transformers by the architecture's name, and back from it. */
  @Test
  void aFolderOfTransformersIsWrittenByName() {
    Path hub = folder.resolve("hub");
    String name = "ViTForImageClassification";
    ok("convert", "--architecture", name, vit.toString(), hub.toString());
    assertThat(hub.resolve("config.json")).content().contains(name, "\"id2label\"");
    CommandRun back = ok("convert", hub.toString(), folder.resolve("again").toString());
    assertThat(back.out()).contains("largest difference of two logits 0.00");
    assertThat(folder.resolve("again/config.json")).content().contains(name);
    Map<String, String> wrong =
        Map.of(
            "Dinov2ForImageClassification", "this model is no Dinov2ForImageClassification",
            "LlamaForCausalLM", "this model is no LlamaForCausalLM",
            "ResNetForImageClassification", "unknown architectures 'ResNetForImageClassification'");
    wrong.forEach((architecture, message) -> {
      Path never = folder.resolve("never-written");
      CommandRun run =
          CommandRun.of(
              "convert", "--architecture", architecture, vit.toString(), never.toString());
      assertThat(run.err()).contains(message).hasLineCount(1);
      assertThat(run.code()).isEqualTo(2);
      assertThat(never).doesNotExist();
    });
  }

  @Test
  void weightsThatAreNoNumbersGiveNoAnswer() {
    Path broken = folder.resolve("broken.safetensors");
    rewritten(broken, "", true);
    String image = images.resolve("val/across/4.png").toString();
    String[][] commands = {
      {"predict", "--weights", broken.toString(), image},
      {"eval", "--weights", broken.toString(), "--data", images.toString()},
      {"serve", "--weights", broken.toString(), "--port", "0"},
      {"convert", broken.toString(), folder.resolve("never").toString()},
    };
    for (String[] command : commands) {
      CommandRun run = CommandRun.of(command);
      assertThat(run.err()).contains("its weights hold NaN (head.weight)").hasLineCount(1);
      assertThat(run.code()).isEqualTo(2);
    }
    assertThat(folder.resolve("never")).doesNotExist();
  }

  /** The ViT's weights under other names; without metadata unless they are to be broken. */
  private static void rewritten(Path file, String prefix, boolean broken) {
    try (Scope _ = Scope.open();
        Safetensors source = Safetensors.open(vit)) {
      Map<String, Tensor> tensors = new LinkedHashMap<>();
      for (String name : source.names()) {
        Tensor tensor = source.read(name);
        boolean spoilt = broken && name.equals("head.weight");
        Tensor zero = tensor.sub(tensor);
        tensors.put(prefix + name, spoilt ? zero.div(zero) : tensor); // 0 / 0
      }
      Safetensors.write(file, tensors, broken ? source.metadata() : Map.of());
    }
  }

  @Test
  void fineTuningTakesTheModelOfTheWeightsAndANewHead() {
    Path run = folder.resolve("tuned");
    CommandRun tuned =
        ok(
            "train",
            "--init",
            vit.toString(),
            "--data",
            images.toString(),
            "--epochs",
            "1",
            "--batch-size",
            "4",
            "--freeze",
            "blocks\\.[0-2]\\..*",
            "--lr-scale",
            "head.*=10",
            "--set",
            "threads=1",
            "--out",
            run.toString());
    assertThat(tuned.out()).contains("2 of the classifier new", "input 3 x 32 x 32, 2 classes");
    assertThat(run.resolve("config.yaml")).content().contains("freeze: ", "lrScale: head.*=10");
    // Inputs as the weights know them, unless the user wants others.
    assertThat(run.resolve("config.yaml")).content().contains("0.5,0.5,0.5/0.5,0.5,0.5");
    Path own = folder.resolve("own");
    String settings =
        "train --steps 1 --set threads=1 --set batchSize=4 --set task.data.normalization=set --init ";
    ok((settings + vit + " --data " + images + " --out " + own).split(" "));
    try (WeightsFile written = WeightsFile.open(own.resolve("checkpoints/last.safetensors"))) {
      assertThat(written.metadata()).containsEntry(Weights.MEAN, "0.485,0.456,0.406");
    }
    CommandRun refused =
        CommandRun.of(
            "train",
            "--init",
            vit.toString(),
            "--data",
            images.toString(),
            "--freeze",
            "nothing",
            "--out",
            folder.resolve("other").toString());
    assertThat(refused.code()).isEqualTo(2);
    assertThat(refused.err()).contains("no parameter has such a name");
  }

  /** A process of its own, ended by the signal that service managers send. */
  @Test
  void serveAnswersUntilItIsTerminated() throws Exception {
    Path output = folder.resolve("serve.log");
    Process process =
        new ProcessBuilder(
                List.of(
                    Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                    "--add-modules=jdk.incubator.vector",
                    "--enable-native-access=ALL-UNNAMED",
                    "-XX:TieredStopAtLevel=1",
                    "-cp",
                    System.getProperty("java.class.path"),
                    Main.class.getName(),
                    "serve",
                    "--weights",
                    vit.toString(),
                    "--port",
                    "0"))
            .redirectErrorStream(true)
            .redirectOutput(output.toFile())
            .start();
    try {
      String address = address(process, output);
      assertThat(address).startsWith("http://127.0.0.1:");
      try (HttpClient client = HttpClient.newHttpClient()) {
        HttpRequest request =
            HttpRequest.newBuilder(URI.create(address + "predict"))
                .POST(BodyPublishers.ofFile(images.resolve("val/across/4.png")))
                .build();
        HttpResponse<String> answer = client.send(request, BodyHandlers.ofString());
        assertThat(answer.statusCode()).isEqualTo(200);
        assertThat(answer.body()).contains("\"predictions\"");
      }
      process.destroy();
      assertThat(process.waitFor(20, TimeUnit.SECONDS)).isTrue();
      assertThat(process.exitValue()).isEqualTo(TERMINATED);
    } finally {
      process.destroyForcibly();
    }
  }

  private static String address(Process process, Path output) throws Exception {
    for (int i = 0; i < 600 && process.isAlive(); i++) {
      String text = Files.readString(output);
      if (text.contains(" answers")) {
        String line = text.lines().filter(l -> l.contains(" answers")).findFirst().orElseThrow();
        return line.substring(0, line.indexOf(' '));
      }
      Thread.sleep(50);
    }
    throw new AssertionError("the server did not start: " + Files.readString(output));
  }

  @Test
  void benchServeMeasures() {
    CommandRun bench = ok("bench", "serve", "--connections", "2", "--seconds", "0.3", "--json");
    assertThat(bench.json().get("requestsPerSecond").doubleValue()).isPositive();
    assertThat(bench.json().get("failed").intValue()).isZero();
    assertThat(CommandRun.of("bench", "serve", "--connections", "0").code()).isEqualTo(2);
    assertThat(CommandRun.of("bench", "serve", "--seconds", "-1").code()).isEqualTo(2);
  }
}
