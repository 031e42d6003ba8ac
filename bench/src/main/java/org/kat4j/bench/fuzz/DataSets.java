package org.kat4j.bench.fuzz;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.zip.GZIPOutputStream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.kat4j.data.ImageData;
import org.kat4j.data.ImageSet;
import org.kat4j.data.ImageSources;
import org.kat4j.data.text.CharacterTokenizer;
import org.kat4j.data.text.Text;
import org.kat4j.data.text.TextPart;
import org.kat4j.data.text.TextSources;
import org.kat4j.data.text.TokenCache;
import org.kat4j.data.text.Tokenizer;
import org.kat4j.data.text.Tokens;
import org.kat4j.tables.Reading;
import org.kat4j.tables.TableReader;

/** Data to train on: arrays of images, shards, tables. */
final class DataSets {
  private static final int IMAGES = 4;
  private static final int SIDE = 3;
  private static final int UNSIGNED_BYTE = 8;

  private DataSets() {}

  static List<Kind> kinds() {
    byte[] shard = Kinds.resource("shard.tar");
    return List.of(
        new Kind("idx", List.of(idxImages()), (content, scratch) -> idx(content, scratch, "")),
        new Kind(
            "idx-gz",
            List.of(gzipped(idxImages())),
            (content, scratch) -> idx(content, scratch, ".gz")),
        new Kind("shard", List.of(shard), (content, scratch) -> shard(content, "x\ny", scratch)),
        new Kind(
            "class-names",
            List.of(bytes("cat\ndog\n"), bytes("a\r\nb")),
            (content, scratch) ->
                shard(shard, new String(content, StandardCharsets.ISO_8859_1), scratch)),
        new Kind(
            "csv",
            List.of(
                bytes("a,b,y\n1,2.5,hi\n-3,4e2,lo\n5,,hi\n"),
                bytes("\"a, mm\";\"say \"\"b\"\"\";y\n1,5;2,25;3\n4,5;5,5;6\n"),
                bytes("1 2 3\n4 5 6\n7 8 9\n")),
            (content, scratch) -> table(content, scratch, "t.csv")),
        new Kind(
            "json",
            List.of(bytes("[{\"a\": 1, \"y\": \"hi\"}, {\"a\": 2.5, \"y\": \"lo\"}]")),
            (content, scratch) -> table(content, scratch, "t.json")),
        new Kind(
            "jsonl",
            List.of(bytes("{\"a\": 1, \"y\": \"hi\"}\n{\"a\": null, \"y\": \"lo\"}\n")),
            (content, scratch) -> table(content, scratch, "t.jsonl")),
        new Kind(
            "text",
            List.of(bytes("a text of é, 👍 and\r\nlines"), bytes("\uFEFFmarked")),
            (content, scratch) -> text(content, scratch, "text.txt")),
        new Kind(
            "text-zip",
            List.of(zipped(bytes("a text in an archive"))),
            (content, scratch) -> text(content, scratch, "text.zip")));
  }

  private static void idx(byte[] images, Path scratch, String suffix) throws IOException {
    byte[] labels = idxLabels();
    for (String part : List.of("train", "t10k")) {
      Files.write(scratch.resolve(part + "-labels-idx1-ubyte"), labels);
      Files.write(scratch.resolve(part + "-images-idx3-ubyte" + suffix), images);
    }
    readAll(ImageSources.open(scratch.toString(), null, null));
  }

  private static void shard(byte[] shard, String classes, Path scratch) throws IOException {
    for (String part : List.of("train", "val")) {
      Path folder = Files.createDirectories(scratch.resolve(part));
      Files.write(folder.resolve("0.tar"), shard);
    }
    Files.writeString(scratch.resolve("classes.txt"), classes, StandardCharsets.ISO_8859_1);
    readAll(ImageSources.open(scratch.toString(), null, SIDE));
  }

  private static void readAll(ImageData data) {
    for (ImageSet set : List.of(data.train(), data.validation())) {
      byte[] pixels = new byte[set.channels() * set.height() * set.width()];
      for (int i = 0; i < set.size(); i++) {
        set.read(i, pixels, 0);
      }
    }
  }

  private static void table(byte[] content, Path scratch, String name) throws IOException {
    Path file = scratch.resolve(name);
    Files.write(file, content);
    var _ = TableReader.read(file, Reading.usual());
  }

  private static void text(byte[] content, Path scratch, String name) throws IOException {
    Path file = Files.write(scratch.resolve(name), content);
    Text text = TextSources.open(file.toString(), null);
    Tokenizer tokenizer = new CharacterTokenizer.Spec().open(text);
    var cache = new TokenCache(scratch.resolve("ids"));
    for (TextPart part : text.parts()) {
      Tokens tokens = cache.open(part, tokenizer);
      tokens.copy(0, (int) tokens.size(), new long[(int) tokens.size()], 0);
    }
  }

  private static byte[] zipped(byte[] content) {
    var out = new ByteArrayOutputStream();
    try (var zip = new ZipOutputStream(out)) {
      zip.putNextEntry(new ZipEntry("text"));
      zip.write(content);
    } catch (IOException cannot) {
      throw new UncheckedIOException(cannot);
    }
    return out.toByteArray();
  }

  private static byte[] idxImages() {
    ByteBuffer bytes = ByteBuffer.allocate(16 + IMAGES * SIDE * SIDE);
    bytes.putInt(UNSIGNED_BYTE << 8 | 3).putInt(IMAGES).putInt(SIDE).putInt(SIDE);
    for (int i = 0; bytes.hasRemaining(); i++) {
      bytes.put((byte) (i * 7));
    }
    return bytes.array();
  }

  private static byte[] idxLabels() {
    ByteBuffer bytes = ByteBuffer.allocate(8 + IMAGES);
    bytes.putInt(UNSIGNED_BYTE << 8 | 1).putInt(IMAGES);
    for (int i = 0; i < IMAGES; i++) {
      bytes.put((byte) (i % 2));
    }
    return bytes.array();
  }

  private static byte[] gzipped(byte[] content) {
    var out = new ByteArrayOutputStream();
    try (var zip = new GZIPOutputStream(out)) {
      zip.write(content);
    } catch (IOException cannot) {
      throw new UncheckedIOException(cannot);
    }
    return out.toByteArray();
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }
}
