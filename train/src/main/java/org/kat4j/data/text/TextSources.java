package org.kat4j.data.text;

import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.kat4j.data.DataFolders;
import org.kat4j.error.UserException;

/** The texts that can be opened by name or path. */
public final class TextSources {
  /** The share of a text that is learnt from where it comes without parts, as in nanoGPT. */
  private static final double LEARNT = 0.9;

  private TextSources() {}

  /**
   * Opens a text and reads it once, to see that it is one.
   *
   * @param name "tiny-shakespeare", "wikitext-2", or the path of a file of UTF-8 text or of a
   *     folder of such files (in folders of any depth, in the order of their paths; names that
   *     begin with a dot are left out). A folder with the folders {@code train} and {@code val} has
   *     its parts; of any other text the last tenth of its characters is for validation.
   * @param root folder with the files of the published texts; null to look in the cache only. What
   *     is missing is fetched from its official address.
   * @throws UserException if there is no such text, or it is empty or no UTF-8
   */
  public static Text open(String name, @Nullable Path root) {
    return open(name, root, 0);
  }

  /**
   * The same.
   *
   * @param test share of the characters at the end of a text without parts that is for judging in
   *     the end; below a tenth, which validation then has the rest of
   */
  public static Text open(String name, @Nullable Path root, double test) {
    return switch (name) {
      case "tiny-shakespeare" -> {
        Path file = PublishedText.TINY_SHAKESPEARE.paths(DataFolders.of(root)).getFirst();
        yield cut(name, List.of(TextFile.scan(file)), test);
      }
      case "wikitext-2" -> {
        List<List<TextFile.Scan>> parts =
            PublishedText.WIKITEXT_2.paths(DataFolders.of(root)).stream()
                .map(path -> List.of(TextFile.scan(path)))
                .toList();
        yield of(name, parts.get(0), parts.get(1), Optional.of(parts.get(2)));
      }
      default -> openPath(name, test);
    };
  }

  private static Text openPath(String name, double share) {
    File file = new File(name); // not Path.of, which throws on characters that no path can have
    if (file.isFile()) {
      return cut(name, List.of(TextFile.scan(file.toPath())), share);
    }
    if (!file.isDirectory()) {
      throw new UserException(
          "text \"%s\" is neither a known name nor a file or folder: use tiny-shakespeare, wikitext-2 or the path of UTF-8 text"
              .formatted(name));
    }
    Path folder = file.toPath();
    Path train = folder.resolve("train");
    Path val = folder.resolve("val");
    Path validation = Files.isDirectory(val) ? val : folder.resolve("validation");
    Path test = folder.resolve("test");
    if (!Files.isDirectory(train)) {
      return cut(name, TextFolder.scan(folder), share);
    }
    if (!Files.isDirectory(validation)) {
      throw new UserException(
          "%s: a folder train but none with the name val; add it, or give %s itself"
              .formatted(folder, train));
    }
    return of(
        name,
        TextFolder.scan(train),
        TextFolder.scan(validation),
        Files.isDirectory(test) ? Optional.of(TextFolder.scan(test)) : Optional.empty());
  }

  private static Text of(
      String name,
      List<TextFile.Scan> train,
      List<TextFile.Scan> validation,
      Optional<List<TextFile.Scan>> test) {
    return new Text(
        name,
        whole(name + ", training", train),
        whole(name + ", validation", validation),
        test.map(files -> whole(name + ", test", files)));
  }

  private static TextPart whole(String name, List<TextFile.Scan> files) {
    return part(name, files, files.stream().map(TextFile.Scan::whole).toList());
  }

  /** Cuts by characters, so that a text of other letters is cut where nanoGPT cuts it. */
  private static Text cut(String name, List<TextFile.Scan> files, double test) {
    long all = files.stream().mapToLong(TextFile.Scan::characters).sum();
    long learnt = (long) (LEARNT * all);
    long judged = all - (long) (test * all);
    return new Text(
        name,
        part(name + ", training", files, between(files, 0, learnt)),
        part(name + ", validation", files, between(files, learnt, judged)),
        judged == all
            ? Optional.empty()
            : Optional.of(part(name + ", test", files, between(files, judged, all))));
  }

  /** What stands from one character of all files to another. */
  private static List<TextFile> between(List<TextFile.Scan> files, long from, long to) {
    List<TextFile> ranges = new ArrayList<>();
    long before = 0;
    for (TextFile.Scan scan : files) {
      long begin = byteOf(scan, from - before);
      long end = byteOf(scan, to - before);
      if (begin < end) {
        ranges.add(new TextFile(scan.whole().path(), begin, end));
      }
      before += scan.characters();
    }
    return ranges;
  }

  private static long byteOf(TextFile.Scan scan, long character) {
    TextFile file = scan.whole();
    return character <= 0
        ? file.begin()
        : character >= scan.characters() ? file.end() : file.byteOf(character);
  }

  /** Of the text that these files are; its checksum is that of their content and of its ranges. */
  private static TextPart part(String name, List<TextFile.Scan> scans, List<TextFile> ranges) {
    if (ranges.stream().allMatch(range -> range.bytes() == 0)) {
      throw new UserException(name + ": the text is empty; give one with something in it");
    }
    String contents = scans.stream().map(TextFile.Scan::sha256).collect(Collectors.joining(" "));
    String places =
        ranges.stream()
            .map(range -> range.begin() + "-" + range.end())
            .collect(Collectors.joining(" "));
    return new TextPart(name, ranges, Utf8.sha256(contents + " " + places));
  }
}
