package org.kat4j.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.kat4j.error.UserException;

/** All forms of the set, with ten images per file instead of ten thousand. */
class Cifar10Test {
  private static final int IMAGES = 10;
  private static final URI NOWHERE = URI.create("http://localhost:1/cifar-10-binary.tar.gz");

  @TempDir private Path root = Path.of("");
  private Path folder = Path.of("");

  @BeforeEach
  void createFolder() throws IOException {
    folder = Files.createDirectories(root.resolve("cifar10"));
  }

  @Test
  void readsUnpackedBinaryFilesPackedOrNot() throws IOException {
    Path binary = Files.createDirectories(folder.resolve(Cifar10.BINARY_FOLDER));
    for (var file : binaryFiles().entrySet()) {
      Files.write(binary.resolve(file.getKey()), file.getValue());
    }
    assertComplete(cifar(new byte[0]).open(folders()), "exact and complete");

    Files.write(binary.resolve("data_batch_2.bin.gz"), IdxBytes.gzip(records(2, IMAGES)));
    Files.delete(binary.resolve("data_batch_2.bin"));
    assertComplete(cifar(new byte[0]).open(new DataFolders(binary, root)), "exact and complete");

    Files.delete(binary.resolve("data_batch_2.bin.gz"));
    assertRefused("data_batch_2.bin is missing");
    Files.write(binary.resolve("data_batch_2.bin"), new byte[3073 * IMAGES - 1]);
    assertRefused("data_batch_2.bin: the file ends too early");
    Files.write(binary.resolve("data_batch_2.bin"), new byte[3073 * IMAGES + 1]);
    assertRefused("data_batch_2.bin: bytes follow the expected end");
    byte[] badLabel = new byte[3073 * IMAGES];
    badLabel[3073] = 10;
    Files.write(binary.resolve("data_batch_2.bin"), badLabel);
    assertRefused("data_batch_2.bin: label 10 of image 11");
  }

  @Test
  void readsTheArchiveAfterCheckingItsSum() throws IOException {
    byte[] archive = IdxBytes.gzip(tar(binaryFiles()));
    Files.write(folder.resolve("cifar-10-binary.tar.gz"), archive);
    assertComplete(cifar(archive).open(folders()), "exact and complete");
    assertThatThrownBy(() -> cifar(new byte[0]).open(folders()))
        .isInstanceOf(UserException.class)
        .hasMessageContaining("not the published archive");

    Map<String, byte[]> files = binaryFiles();
    files.remove("data_batch_3.bin");
    byte[] incomplete = IdxBytes.gzip(tar(files));
    Files.write(folder.resolve("cifar-10-binary.tar.gz"), incomplete);
    assertThatThrownBy(() -> cifar(incomplete).open(folders()))
        .isInstanceOf(UserException.class)
        .hasMessageContaining("only 40 of 50 images");

    byte[] truncated = IdxBytes.gzip(Arrays.copyOf(tar(binaryFiles()), 100_000));
    Files.write(folder.resolve("cifar-10-binary.tar.gz"), truncated);
    assertThatThrownBy(() -> cifar(truncated).open(folders()))
        .isInstanceOf(UserException.class)
        .hasMessageContaining("the file ends too early");
  }

  @Test
  void fetchesTheArchive() throws IOException {
    byte[] archive = IdxBytes.gzip(tar(binaryFiles()));
    try (TestServer server = new TestServer()) {
      server.files.put("/data/cifar-10-binary.tar.gz", archive);
      URI address = server.base().resolve("cifar-10-binary.tar.gz");
      Cifar10 cifar = new Cifar10(IMAGES, address, cifar(archive).archive());
      assertComplete(cifar.open(folders()), "exact and complete");
    }
    assertThat(cifar(archive).info(folders()).available()).isTrue();
  }

  @Test
  void prefersJpegsOverThePartialFilesAndSaysSo() throws IOException {
    Files.write(folder.resolve("train_first4000.bin.gz"), IdxBytes.gzip(records(0, 7)));
    Files.write(folder.resolve("test_first1000.bin.gz"), IdxBytes.gzip(records(1, 3)));
    ImageData partial = cifar(new byte[0]).open(folders());
    assertThat(partial.description()).contains("only the first images");
    assertThat(partial.train().size()).isEqualTo(7);
    assertThat(partial.validation().size()).isEqualTo(3);

    jpegs("train", 5 * IMAGES, 32);
    jpegs("test", IMAGES, 32);
    ImageData jpegs = cifar(new byte[0]).open(folders());
    assertThat(jpegs.description()).contains("JPEG");
    assertThat(jpegs.train().size()).isEqualTo(50);
    assertThat(jpegs.train().label(13)).isEqualTo(3);
    byte[] image = new byte[3072];
    jpegs.train().read(13, image, 0);
    // Image 1 of class 3 has one grey value, 20 * 3 + 1, which JPEG keeps to within rounding.
    assertThat(Byte.toUnsignedInt(image[0])).isBetween(60, 62);
    assertThat(cifar(new byte[0]).info(folders()).where()).contains("JPEG");
  }

  @Test
  void refusesWrongJpegZipsAndPartialFiles() throws IOException {
    Files.write(folder.resolve("train_first4000.bin.gz"), IdxBytes.gzip(new byte[3074]));
    Files.write(folder.resolve("test_first1000.bin.gz"), IdxBytes.gzip(records(1, 3)));
    assertRefused("not whole records of 3073 bytes");

    jpegs("test", IMAGES, 32);
    jpegs("train", 5 * IMAGES - 1, 32);
    assertRefused("cifar10-jpeg-train.zip: 49 images, expected 50");
    jpegs("train", 5 * IMAGES, 31);
    assertRefused("31 x 31 pixels, expected 32 x 32");
    Files.copy(
        folder.resolve("cifar10-jpeg-test.zip"),
        folder.resolve("cifar10-jpeg-train.zip"),
        StandardCopyOption.REPLACE_EXISTING);
    assertRefused("is not train/CLASS/NUMBER.jpg");
    Files.writeString(folder.resolve("cifar10-jpeg-train.zip"), "no zip");
    assertRefused("cannot be read as a zip");
  }

  private static void assertComplete(ImageData data, String description) {
    assertThat(data.description()).contains(description);
    assertThat(data.train().size()).isEqualTo(50);
    assertThat(data.validation().size()).isEqualTo(10);
    assertThat(data.train().classNames()).hasSize(10).startsWith("airplane");
    // Image 3 of batch 2: see records().
    assertThat(data.train().label(13)).isEqualTo((2 + 3) % 10);
    byte[] image = new byte[3072];
    data.train().read(13, image, 0);
    assertThat(image).containsOnly(2 * 16 + 3);
    data.validation().read(9, image, 0);
    assertThat(image).containsOnly(6 * 16 + 9);
  }

  private void assertRefused(String message) {
    assertThatThrownBy(() -> cifar(new byte[0]).open(folders()))
        .isInstanceOf(UserException.class)
        .hasMessageContaining(message)
        .hasMessageNotContaining("\n");
  }

  private DataFolders folders() {
    return new DataFolders(root, root.resolve("cache"));
  }

  private static Cifar10 cifar(byte[] archive) {
    String sum = HexFormat.of().formatHex(Sha256.start().digest(archive));
    return new Cifar10(
        IMAGES, NOWHERE, new RemoteFile("cifar-10-binary.tar.gz", archive.length, sum));
  }

  private static Map<String, byte[]> binaryFiles() {
    Map<String, byte[]> files = new LinkedHashMap<>();
    files.put("batches.meta.txt", "airplane\n".getBytes(StandardCharsets.US_ASCII));
    for (int batch = 5; batch >= 1; batch--) {
      files.put("data_batch_" + batch + ".bin", records(batch, IMAGES));
    }
    files.put("test_batch.bin", records(6, IMAGES));
    return files;
  }

  /** Image i of batch b has the label b + i modulo 10 and the one pixel value 16 b + i. */
  private static byte[] records(int batch, int count) {
    byte[] records = new byte[3073 * count];
    for (int i = 0; i < count; i++) {
      Arrays.fill(records, 3073 * i, 3073 * (i + 1), (byte) (16 * batch + i));
      records[3073 * i] = (byte) ((batch + i) % 10);
    }
    return records;
  }

  private static byte[] tar(Map<String, byte[]> files) {
    ByteArrayOutputStream tar = new ByteArrayOutputStream();
    for (var file : files.entrySet()) {
      byte[] header = new byte[512];
      put(header, 0, Cifar10.BINARY_FOLDER + "/" + file.getKey());
      put(header, 124, "%011o".formatted(file.getValue().length));
      header[156] = '0';
      tar.writeBytes(header);
      tar.writeBytes(file.getValue());
      tar.writeBytes(new byte[Math.floorMod(-file.getValue().length, 512)]);
    }
    tar.writeBytes(new byte[1024]);
    return tar.toByteArray();
  }

  private static void put(byte[] header, int offset, String text) {
    byte[] bytes = text.getBytes(StandardCharsets.US_ASCII);
    System.arraycopy(bytes, 0, header, offset, bytes.length);
  }

  private void jpegs(String split, int count, int side) throws IOException {
    Path file = folder.resolve("cifar10-jpeg-" + split + ".zip");
    try (ZipOutputStream zip = new ZipOutputStream(Files.newOutputStream(file))) {
      for (int i = 0; i < count; i++) {
        BufferedImage image = new BufferedImage(side, side, BufferedImage.TYPE_INT_RGB);
        int value = 20 * (i % 10) + i / 10;
        for (int p = 0; p < side * side; p++) {
          image.setRGB(p % side, p / side, value * 0x010101);
        }
        zip.putNextEntry(
            new ZipEntry(
                "%s/%s/%04d.jpg".formatted(split, Cifar10.CLASS_NAMES.get(i % 10), i / 10)));
        ImageIO.write(image, "jpg", zip);
      }
    }
  }
}
