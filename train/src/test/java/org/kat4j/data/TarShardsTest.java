package org.kat4j.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.kat4j.error.UserException;

class TarShardsTest {
  @TempDir private Path folder = Path.of("");

  @Test
  void readsImagesAndClassesOfSeveralShards() throws IOException {
    write("train/a.tar", sample("s/1", 10, "1"), sample("s/0", 20, "0\n"));
    write("train/b.tar", sample("s/2", 30, "1"));
    write("val/a.tar", sample("s/3", 40, "0"));
    ImageData data = ImageSources.open(folder.toString(), null, 4);
    assertThat(data.description()).contains("image shards", "2 classes");
    ImageSet train = data.train();
    assertThat(train.classNames()).containsExactly("0", "1");
    byte[] pixels = new byte[48];
    int[] expected = {10, 20, 30};
    int[] labels = {1, 0, 1};
    for (int i : new int[] {2, 0, 1}) {
      train.read(i, pixels, 0);
      assertThat(pixels).containsOnly(expected[i]);
      assertThat(train.label(i)).isEqualTo(labels[i]);
    }

    Files.writeString(folder.resolve("classes.txt"), "cat\ndog\n");
    assertThat(ImageSources.open(folder.toString(), null, 4).train().classNames())
        .containsExactly("cat", "dog");
    Files.writeString(folder.resolve("classes.txt"), "cat\n");
    assertRefused("1 names, but an image has class 1");
  }

  @Test
  void namesWhatIsWrong() throws IOException {
    write("val/a.tar", sample("3", 40, "0"));
    Map<String, byte[]> alone = sample("1", 10, "0");
    alone.remove("1.cls");
    write("train/a.tar", alone);
    assertRefused("1.cls is missing beside its image");
    write("train/a.tar", sample("1", 10, "many"));
    assertRefused("1.cls: not the number of a class");
    write("train/a.tar", Map.of("readme.txt", new byte[] {1}));
    assertRefused("no KEY.jpg with a KEY.cls beside it");
    write("train/a.tar", sample("1", 10, "0"));
    Path shard = folder.resolve("train/a.tar");
    byte[] whole = Files.readAllBytes(shard);
    for (int length : new int[] {600, 1024, whole.length - 1024}) { // in, behind, between files
      Files.write(shard, Arrays.copyOf(whole, length));
      assertRefused("the archive ends too early");
    }
    byte[] noise = new byte[2048];
    Arrays.fill(noise, (byte) 'x');
    Files.write(shard, noise);
    assertRefused("not a tar archive");
  }

  /** A broken image is one image less, up to the limit. */
  @Test
  void leavesOutBrokenFilesUpToALimit() throws IOException {
    Map<String, byte[]> broken = sample("2", 10, "0");
    broken.put("2.png", "no image".getBytes(StandardCharsets.US_ASCII));
    Map<String, byte[]> cut = sample("3", 10, "0");
    cut.computeIfPresent("3.png", (_, bytes) -> Arrays.copyOf(bytes, bytes.length - 30));
    write("train/a.tar", sample("1", 10, "0"), broken, cut);
    write("val/a.tar", sample("4", 40, "0"));
    assertRefused("a.tar/2.png: not a PNG, JPEG or WebP image");

    ImageSet two = open(2).train();
    assertThat(two.size()).isEqualTo(2); // the header of the cut one is whole
    assertThatThrownBy(() -> two.read(1, new byte[48], 0)).isInstanceOf(SkippedImage.class);
    assertThatThrownBy(() -> two.read(1, new byte[48], 0)).isInstanceOf(SkippedImage.class);
    ImageSet one = open(1).train();
    assertThatThrownBy(() -> one.read(1, new byte[48], 0))
        .isInstanceOf(UserException.class)
        .hasMessageStartingWith(
            "2 images are broken, more than task.data.maxBroken = 1; the last one: ")
        .hasMessageContaining("a.tar/3.png");
  }

  private ImageData open(int maxBroken) {
    FolderReading at = FolderReading.at(4);
    FolderReading reading = new FolderReading(4, at.transform(), maxBroken);
    return ImageSources.openWith(reading, folder.toString(), null);
  }

  private void assertRefused(String message) {
    assertThatThrownBy(() -> ImageSources.open(folder.toString(), null, 4))
        .isInstanceOf(UserException.class)
        .hasMessageContaining(message)
        .hasMessageNotContaining("\n");
  }

  private static Map<String, byte[]> sample(String key, int grey, String label) throws IOException {
    BufferedImage image = new BufferedImage(9, 9, BufferedImage.TYPE_BYTE_GRAY);
    for (int i = 0; i < 81; i++) {
      image.getRaster().setSample(i % 9, i / 9, 0, grey);
    }
    var bytes = new ByteArrayOutputStream();
    ImageIO.write(image, "png", bytes);
    Map<String, byte[]> files = new LinkedHashMap<>();
    files.put(key + ".png", bytes.toByteArray());
    files.put(key + ".cls", label.getBytes(StandardCharsets.US_ASCII));
    return files;
  }

  @SafeVarargs
  private void write(String name, Map<String, byte[]>... samples) throws IOException {
    var tar = new ByteArrayOutputStream();
    for (Map<String, byte[]> sample : samples) {
      for (Map.Entry<String, byte[]> file : sample.entrySet()) {
        byte[] header = new byte[512];
        put(header, 0, file.getKey());
        put(header, 124, "%011o".formatted(file.getValue().length));
        header[156] = '0';
        tar.write(header);
        tar.write(Arrays.copyOf(file.getValue(), Math.ceilDiv(file.getValue().length, 512) * 512));
      }
    }
    tar.write(new byte[1024]);
    Path file = folder.resolve(name);
    Files.createDirectories(file.getParent());
    Files.write(file, tar.toByteArray());
  }

  private static void put(byte[] header, int at, String text) {
    byte[] bytes = text.getBytes(StandardCharsets.US_ASCII);
    System.arraycopy(bytes, 0, header, at, bytes.length);
  }
}
