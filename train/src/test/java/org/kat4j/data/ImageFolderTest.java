package org.kat4j.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.logging.Handler;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import java.util.stream.IntStream;
import javax.imageio.ImageIO;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.kat4j.error.UserException;

class ImageFolderTest {
  @TempDir private Path folder = Path.of("");

  @Test
  void readsClassesAndFilesByName() throws IOException {
    put("train/dog/b.PNG", 6, 4, 10);
    put("train/dog/a.png", 6, 4, 20);
    put("train/cat/c.png", 4, 4, 30);
    put("val/dog/x.png", 4, 4, 40);
    put("val/cat/y.png", 4, 4, 50);
    Files.writeString(folder.resolve("train/cat/notes.txt"), "not an image");
    Files.createDirectories(folder.resolve("train/.hidden"));

    ImageData data = ImageSources.open(folder.toString(), null, 4);

    ImageSet train = data.train();
    assertThat(train.classNames()).containsExactly("cat", "dog");
    assertThat(train.channels()).isEqualTo(3);
    assertThat(train.height()).isEqualTo(4);
    assertThat(train.size()).isEqualTo(3);
    assertThat(data.validation().size()).isEqualTo(2);
    int[] expectedLabels = {0, 1, 1};
    int[] expectedPixels = {30, 20, 10};
    byte[] target = new byte[50];
    for (int i = 0; i < 3; i++) {
      train.read(i, target, 1);
      assertThat(train.label(i)).isEqualTo(expectedLabels[i]);
      assertThat(target[1]).isEqualTo((byte) expectedPixels[i]);
    }
    assertThat(target[0]).isZero();
    assertThat(target[49]).isZero();
    assertThat(ImageFolder.open(folder, FolderReading.at(4), 1).train().channels()).isEqualTo(1);
  }

  @Test
  void takesImagesAsTheyAreOnlyIfTheyHaveOneSize() throws IOException {
    put("train/cat/a.png", 6, 4, 1);
    put("test/cat/a.png", 6, 4, 1);
    ImageSet set = ImageSources.open(folder.toString(), null, null).train();
    assertThat(set.width()).isEqualTo(6);
    assertThat(set.height()).isEqualTo(4);

    put("test/cat/b.png", 5, 4, 1);
    assertRefused(null, "test/cat/b.png: 5 x 4 pixels, but other images have 6 x 4");
  }

  @Test
  void saysWhatIsWrongWithTheLayout() throws IOException {
    assertRefused(4, "no folder \"train\" in it");
    put("train/cat/a.png", 4, 4, 1);
    assertRefused(4, "no folder \"val\", \"validation\" or \"test\" in it");
    Files.createDirectories(folder.resolve("validation"));
    assertRefused(4, "no class folders in it");
    put("validation/dog/a.png", 4, 4, 1);
    assertRefused(4, "class \"dog\" is not among the training classes");
    put("train/dog/a.png", 4, 4, 1);
    assertRefused(4, "class \"cat\" of");
    Files.createDirectories(folder.resolve("validation/cat"));
    assertRefused(4, "no .png, .jpg, .jpeg or .webp files in it");
    Files.writeString(folder.resolve("validation/cat/a.jpg"), "not an image");
    assertRefused(4, "a.jpg: not a PNG, JPEG or WebP image");
    assertRefused(0, "image size is 0");
  }

  @Test
  void readsFoldersInClassFoldersAndSaysWhatIsLeftOut() throws IOException {
    put("train/cat/a.png", 4, 4, 1);
    put("train/cat/more/b.png", 4, 4, 2);
    put("train/cat/more/deep/c.JFIF", 4, 4, 3);
    put("train/cat/.trash/d.png", 4, 4, 4);
    put("train/dog/e.jpe", 4, 4, 5);
    put("train/dog/f.bmp", 4, 4, 6);
    put("train/g.png", 4, 4, 7);
    Files.writeString(folder.resolve("train/dog/README"), "");
    put("elsewhere/h.png", 4, 4, 8);
    Files.createSymbolicLink(folder.resolve("train/dog/link"), folder.resolve("elsewhere"));
    Files.createSymbolicLink(folder.resolve("train/dog/gone.png"), folder.resolve("none.png"));
    put("val/cat/a.png", 4, 4, 1);
    put("val/dog/a.png", 4, 4, 1);

    List<String> said = new ArrayList<>();
    Handler handler =
        new Handler() {
          @Override
          public void publish(LogRecord line) {
            said.add(line.getMessage());
          }

          @Override
          public void flush() {}

          @Override
          public void close() {}
        };
    Logger logger = Logger.getLogger(ClassFolders.class.getName());
    logger.addHandler(handler);
    try {
      ImageSet train = ImageSources.open(folder.toString(), null, 4).train();
      assertThat(train.size()).isEqualTo(5);
      assertThat(IntStream.range(0, 5).map(train::label)).containsExactly(0, 0, 0, 1, 1);
    } finally {
      logger.removeHandler(handler);
    }
    assertThat(said)
        .containsExactly(
            folder.resolve("train")
                + ": 4 files left out: 1 .bmp, 1 .png, 1 broken link, 1 without a suffix (PNG, JPEG and WebP are read)");

    Files.createSymbolicLink(folder.resolve("train/dog/loop"), folder.resolve("train"));
    assertRefused(4, "is a link to a folder that it lies in");
  }

  @Test
  void namesOfClassesStandOnOneLine() throws IOException {
    put("train/a\nb/a.png", 4, 4, 1);
    put("val/a\nb/a.png", 4, 4, 1);
    assertRefused(4, "the class name \"a?b\" holds a line break");
  }

  /** A file can be damaged behind its header: then reading it says so. */
  @Test
  void namesTheDamagedFileWhenItIsRead() throws IOException {
    put("train/cat/a.png", 50, 50, 1);
    put("val/cat/a.png", 50, 50, 1);
    Path damaged = folder.resolve("train/cat/a.png");
    byte[] bytes = Files.readAllBytes(damaged);
    Files.write(damaged, Arrays.copyOf(bytes, 60));
    ImageSet train = ImageSources.open(folder.toString(), null, 8).train();
    assertThatThrownBy(() -> train.read(0, new byte[192], 0))
        .isInstanceOf(UserException.class)
        .hasMessageStartingWith(damaged.toString());
  }

  private void assertRefused(@Nullable Integer size, String message) {
    assertThatThrownBy(() -> ImageSources.open(folder.toString(), null, size))
        .isInstanceOf(UserException.class)
        .hasMessageContaining(message)
        .hasMessageNotContaining("\n");
  }

  /** An image of one grey value. */
  private void put(String name, int width, int height, int value) throws IOException {
    BufferedImage image = new BufferedImage(width, height, BufferedImage.TYPE_BYTE_GRAY);
    for (int x = 0; x < width; x++) {
      for (int y = 0; y < height; y++) {
        image.getRaster().setSample(x, y, 0, value);
      }
    }
    Path file = folder.resolve(name);
    Files.createDirectories(file.getParent());
    ImageIO.write(image, "png", file.toFile());
  }
}
