package org.kat4j.train;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import javax.tools.DiagnosticCollector;
import javax.tools.JavaFileObject;
import javax.tools.SimpleJavaFileObject;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The README's lines of Java are those of the library. */
class ReadmeTest {
  @TempDir private Path folder = Path.of("");

  @Test
  void theSnippetCompiles() throws IOException {
    Path readme = Path.of("../README.md");
    Matcher snippet =
        Pattern.compile("```java\n(.*?)```", Pattern.DOTALL).matcher(Files.readString(readme));
    assertThat(snippet.find()).isTrue();
    String imports = lines(snippet.group(1), true);
    String statements = lines(snippet.group(1), false);
    var mistakes = new DiagnosticCollector<JavaFileObject>();
    ToolProvider.getSystemJavaCompiler()
        .getTask(
            null,
            null,
            mistakes,
            List.of("-proc:none", "-d", folder.toString()),
            null,
            List.of(
                source(
                    imports + "class Snippet { void run() throws Exception {" + statements + "}}")))
        .call();
    assertThat(mistakes.getDiagnostics()).isEmpty();
  }

  private static String lines(String code, boolean imports) {
    return code.lines()
        .filter(line -> line.startsWith("import ") == imports)
        .collect(Collectors.joining("\n", "", "\n"));
  }

  private static JavaFileObject source(String text) {
    return new SimpleJavaFileObject(
        URI.create("string:///Snippet.java"), JavaFileObject.Kind.SOURCE) {
      @Override
      public CharSequence getCharContent(boolean ignoreEncodingErrors) {
        return text;
      }
    };
  }
}
