package org.kat4j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.tools.JavaCompiler;
import javax.tools.StandardJavaFileManager;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.kat4j.config.Config;
import tools.jackson.databind.node.ObjectNode;

/**
 * The page on adding a system: its files are compiled with the changes that it names, and what they
 * describe is trained by its configurations, in a process whose class path begins with them.
 */
class AddingASystemTest {
  private static final Path PAGE = Path.of("../docs/adding-a-system.md");
  private static final int SECONDS = 120;

  /** Files of the page, by name: {@code **`name`**}, then a block of code. */
  private static final Pattern FILE =
      Pattern.compile("\\*\\*`([^`]+)`\\*\\*\\n\\n```\\w+\\n(.*?)\\n```\\n", Pattern.DOTALL);

  private static final Pattern PERMITTED =
      Pattern.compile(
          "[Aa]dd `([\\w.]+)` to the `permits` clause of `([\\w.]+)`|and `([\\w.]+)` to that of `([\\w.]+)`");

  private static final Pattern LISTED =
      Pattern.compile("Add `([\\w.]+)\\.class` to the list of `([\\w.]+)`");

  @TempDir private static Path folder = Path.of("");
  private static final Map<String, String> FILES = new LinkedHashMap<>();

  @BeforeAll
  static void compile() throws IOException {
    String page = Files.readString(PAGE);
    Matcher files = FILE.matcher(page);
    while (files.find()) {
      FILES.put(files.group(1), files.group(2) + "\n");
    }
    Path sources = folder.resolve("sources");
    List<Path> all = new ArrayList<>();
    for (Map.Entry<String, String> file : FILES.entrySet()) {
      if (file.getKey().endsWith(".java")) {
        all.add(written(sources.resolve(inside(file.getKey())), file.getValue()));
      }
    }
    assertThat(all).as("a mixer of each kind, an optimizer, a model, a task").hasSize(5);
    all.addAll(changed(page, sources));
    compile(all);
  }

  /** {@code core/src/main/java/org/…} without what is before the packages. */
  private static String inside(String file) {
    return file.replaceFirst("^\\w+/src/main/java/", "");
  }

  private static Path written(Path file, String text) throws IOException {
    Files.createDirectories(file.getParent());
    return Files.writeString(file, text);
  }

  /** Classes of ours with the changes that the page names. */
  private static List<Path> changed(String page, Path sources) throws IOException {
    Map<String, String> changed = new LinkedHashMap<>();
    Matcher permitted = PERMITTED.matcher(page);
    while (permitted.find()) {
      boolean first = permitted.group(1) != null;
      String added = permitted.group(first ? 1 : 3);
      String[] sealed = permitted.group(first ? 2 : 4).split("\\.");
      String file = source(sealed[0]);
      String text = changed.containsKey(file) ? changed.get(file) : Files.readString(Path.of(file));
      Pattern clause =
          Pattern.compile(
              "(interface " + sealed[sealed.length - 1] + "\\b[^{]*permits [^{]*?)\\s*\\{");
      Matcher place = clause.matcher(text);
      assertThat(place.find()).as("permits of " + String.join(".", sealed)).isTrue();
      changed.put(file, place.replaceFirst("$1, " + added + " {"));
    }
    Matcher listed = LISTED.matcher(page);
    while (listed.find()) {
      String file = source(listed.group(2));
      String text = Files.readString(Path.of(file));
      String more = "List.of(" + listed.group(1) + ".class, ";
      assertThat(text).contains("List.of(");
      changed.put(file, text.replaceFirst("List\\.of\\(", Matcher.quoteReplacement(more)));
    }
    assertThat(changed).hasSize(5);
    List<Path> written = new ArrayList<>();
    for (Map.Entry<String, String> one : changed.entrySet()) {
      String name = inside(one.getKey().replaceFirst("^\\.\\./", ""));
      written.add(written(sources.resolve(name), one.getValue()));
    }
    return written;
  }

  /** Where the class of a name, with its package or without, is written. */
  private static String source(String name) {
    String path =
        switch (name) {
          case "TokenMixer" -> "core/src/main/java/org/kat4j/token/TokenMixer";
          case "ChannelMixer" -> "core/src/main/java/org/kat4j/channel/ChannelMixer";
          case "Optimizer" -> "core/src/main/java/org/kat4j/optim/Optimizer";
          case "org.kat4j.model.CoreModels" -> "core/src/main/java/org/kat4j/model/CoreModels";
          case "org.kat4j.train.CommonTasks" -> "train/src/main/java/org/kat4j/train/CommonTasks";
          default -> throw new AssertionError("the page changes " + name);
        };
    return "../" + path + ".java";
  }

  private static void compile(List<Path> sources) throws IOException {
    JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
    var said = new StringWriter();
    try (StandardJavaFileManager files = compiler.getStandardFileManager(null, null, null)) {
      List<String> options =
          List.of(
              "-d",
              Files.createDirectories(folder.resolve("classes")).toString(),
              "-cp",
              System.getProperty("java.class.path"),
              "-proc:none",
              "-parameters",
              "-nowarn");
      boolean sound =
          compiler
              .getTask(said, files, null, options, null, files.getJavaFileObjectsFromPaths(sources))
              .call();
      assertThat(sound).as(said.toString()).isTrue();
    }
  }

  /** Runs {@code kat4j} with the new classes; its last line is the summary. */
  private static ObjectNode kat4j(String... arguments) throws Exception {
    Path output = folder.resolve("output");
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.add("--add-modules=jdk.incubator.vector");
    command.add("--enable-native-access=ALL-UNNAMED");
    command.add("-XX:+UseSerialGC");
    command.add("-XX:TieredStopAtLevel=1");
    command.add("-cp");
    command.add(
        folder.resolve("classes")
            + System.getProperty("path.separator")
            + System.getProperty("java.class.path"));
    command.add(Main.class.getName());
    command.addAll(List.of(arguments));
    Process process =
        new ProcessBuilder(command)
            .redirectErrorStream(true)
            .redirectOutput(output.toFile())
            .start();
    try {
      assertThat(process.waitFor(SECONDS, TimeUnit.SECONDS)).isTrue();
    } finally {
      process.destroyForcibly();
    }
    String said = Files.readString(output);
    assertThat(process.exitValue()).as(said).isZero();
    return Config.parseJson(said.lines().toList().getLast(), "output");
  }

  private static String configuration(String name) throws IOException {
    return written(folder.resolve(name), FILES.getOrDefault(name, "")).toString();
  }

  @Test
  void theMixersAndTheOptimizerTrain() throws Exception {
    Path images = TestFiles.imageFolder(folder.resolve("images"));
    List<String> arguments =
        new ArrayList<>(List.of(TestFiles.training(images, folder.resolve("run-images"))));
    arguments.removeAll(List.of("--model", "kat_nano"));
    arguments.set(arguments.indexOf("--epochs") + 1, "8");
    arguments.addAll(List.of("--config", configuration("images.yaml")));
    ObjectNode summary = kat4j(arguments.toArray(String[]::new));
    assertThat(summary.get("loss").asDouble()).isPositive().isLessThan(0.69); // two classes
    String config = Files.readString(folder.resolve("run-images/config.yaml"));
    assertThat(config).contains("mean", "maxout", "sign-descent");
  }

  @Test
  void theModelLearnsTheTask() throws Exception {
    Path run = folder.resolve("run-curve");
    ObjectNode summary =
        kat4j("train", "--config", configuration("curve.yaml"), "--out", run.toString(), "--json");
    // The root of the mean square of the sine itself is 0.7.
    assertThat(summary.get("RMSE").asDouble()).isPositive().isLessThan(0.1);
    assertThat(kat4j("eval", "--run", run.toString(), "--json").get("RMSE").asDouble())
        .isEqualTo(summary.get("RMSE").asDouble());
  }
}
