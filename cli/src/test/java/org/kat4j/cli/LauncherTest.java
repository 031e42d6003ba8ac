package org.kat4j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The script {@code kat4j} in a clone of its own, in which a build is a line in a file and Java
 * prints what it was called with.
 */
class LauncherTest {
  @TempDir private Path folder = Path.of("");

  private static Path script() {
    for (Path at = Path.of("").toAbsolutePath(); at != null; at = at.getParent()) {
      if (Files.isRegularFile(at.resolve("kat4j"))) {
        return at.resolve("kat4j");
      }
    }
    throw new IllegalStateException("the tests run in the checkout");
  }

  private Path clone(String name) throws IOException {
    Path root = Files.createDirectories(folder.resolve(name));
    Files.copy(script(), root.resolve("kat4j"), StandardCopyOption.COPY_ATTRIBUTES);
    Files.createDirectories(root.resolve("core/src/main"));
    Files.writeString(root.resolve("pom.xml"), "");
    Files.writeString(root.resolve("core/pom.xml"), "");
    program(root.resolve("bin/find-jdk"), "echo '" + root.resolve("jdk") + "'");
    program(root.resolve("jdk/bin/java"), "printf '[%s]' \"$@\"; echo \"locale=${LC_ALL:-}\"");
    program(
        root.resolve("mvnw"),
        """
        [ "$1" = -f ] || exit 1
        base=$(dirname "$2")
        echo built >>"$base/builds"
        mkdir -p "$base/core/target" "$base/cli/target"
        touch "$base/core/target/kat4j-core.jar" "$base/cli/target/kat4j-cli.jar"
        printf %s "$base/core/target/kat4j-core.jar" >"$base/cli/target/kat4j.classpath"
        """);
    return root;
  }

  private static void program(Path file, String text) throws IOException {
    Files.createDirectories(file.getParent());
    Files.writeString(file, "#!/bin/sh\n" + text + "\n");
    assertThat(file.toFile().setExecutable(true)).isTrue();
  }

  /** What the script prints when it is started in {@link #folder}. */
  private String run(Map<String, String> environment, String... command) throws Exception {
    Path output = folder.resolve("output");
    var builder =
        new ProcessBuilder(command)
            .directory(folder.toFile())
            .redirectErrorStream(true)
            .redirectOutput(output.toFile());
    builder.environment().put("XDG_CACHE_HOME", folder.resolve("cache").toString());
    builder.environment().putAll(environment);
    Process process = builder.start();
    assertThat(process.waitFor(30, TimeUnit.SECONDS)).isTrue();
    String text = Files.readString(output, StandardCharsets.UTF_8);
    assertThat(process.exitValue()).as(text).isZero();
    return text;
  }

  @ParameterizedTest
  @ValueSource(strings = {"plain", "with blanks", "co:lon", "umläut", "star * [x]", "dollar $HOME"})
  void anyFolderIsBuiltOnceHoweverItIsReached(String name) throws Exception {
    Path root = clone(name);
    String first = run(Map.of(), root.resolve("kat4j").toString(), "--version");
    assertThat(first).contains("building kat4j", "[org.kat4j.cli.Main][--version]");
    Files.createSymbolicLink(folder.resolve("link"), root);
    Files.createSymbolicLink(folder.resolve("command"), root.resolve("kat4j"));
    List<String[]> ways =
        List.of(
            new String[] {root.resolve("kat4j").toString()},
            new String[] {name + "/kat4j"},
            new String[] {folder.resolve("link/kat4j").toString()},
            new String[] {"link/kat4j"},
            new String[] {"./command"});
    for (String[] way : ways) {
      String said = run(Map.of("CDPATH", folder.toString()), way[0], "models", "a b", "*");
      assertThat(said)
          .as(way[0])
          .doesNotContain("building")
          .contains("[org.kat4j.cli.Main][models][a b][*]");
      String classPath = said.substring(said.indexOf("[-cp][") + 6, said.indexOf("][org.kat4j"));
      assertThat(classPath.split(":")).as("parts of the class path").hasSize(2);
      assertThat(classPath.split(":")).allMatch(jar -> Files.isRegularFile(Path.of(jar)));
    }
    assertThat(root.resolve("builds")).hasContent("built");
  }

  @Test
  void namesAreReadAsUtf8WithoutALocale() throws Exception {
    String script = clone("clone").resolve("kat4j").toString();
    for (String locale : new String[] {"C", "POSIX", "xx_YY.UTF-8"}) {
      assertThat(run(Map.of("LC_ALL", locale), script))
          .as(locale)
          .contains("[-Dstdout.encoding=UTF-8][-Dstderr.encoding=UTF-8]", "locale=C.UTF-8");
    }
    Map<String, String> none = new HashMap<>(Map.of("LC_ALL", "", "LC_CTYPE", "", "LANG", ""));
    assertThat(run(none, script)).contains("locale=C.UTF-8");
    assertThat(run(Map.of("LC_ALL", "C.UTF-8"), script)).doesNotContain("encoding");
  }

  @Test
  void optionsOfTheJvmAreSplitAtBlanksOnly() throws Exception {
    String script = clone("clone").resolve("kat4j").toString();
    assertThat(run(Map.of("KAT4J_JAVA_OPTS", "-Xmx1g  -Da=*\n-Db=c"), script))
        .contains("[-Xmx1g][-Da=*][-Db=c][-cp]");
    assertThat(run(Map.of("KAT4J_JAVA_OPTS", " "), script)).contains("maxphysicalbytes=0][-cp]");
  }
}
