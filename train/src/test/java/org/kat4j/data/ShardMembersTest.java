package org.kat4j.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.zip.GZIPOutputStream;
import javax.imageio.ImageIO;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveOutputStream;
import org.apache.commons.compress.archivers.tar.TarConstants;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.kat4j.error.UserException;

/** Which members of an archive make a sample, whatever their names and however they are stored. */
class ShardMembersTest {
  private static final String FOLDERS = "a_folder_with_a_long_name/".repeat(5);

  @TempDir private Path folder = Path.of("");

  @BeforeEach
  void validation() throws IOException {
    pack("val/a.tar", TarArchiveOutputStream.LONGFILE_POSIX, "v.png=9", "v.cls=0");
  }

  /** Masks of 8 images with long names, which earlier took the images' places. */
  @ParameterizedTest
  @ValueSource(ints = {TarArchiveOutputStream.LONGFILE_POSIX, TarArchiveOutputStream.LONGFILE_GNU})
  void longNamesAndFurtherPartsOfASample(int format) throws IOException {
    String[] members = new String[24];
    for (int i = 0; i < 8; i++) {
      String key = FOLDERS + "ä" + i;
      members[3 * i] = key + ".png=" + (10 + i);
      members[3 * i + 1] = key + ".cls=" + i % 2;
      members[3 * i + 2] = key + ".seg.png=99";
    }
    pack("train/a.tar", format, members);
    ImageSet train = open();
    assertThat(train.size()).isEqualTo(8);
    for (int i = 0; i < 8; i++) {
      assertThat(train.label(i)).isEqualTo(i % 2);
      assertThat(grey(train, i)).isEqualTo(10 + i);
    }
  }

  @Test
  void namesSplitByUstar() throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (TarArchiveOutputStream tar = new TarArchiveOutputStream(bytes)) {
      member(tar, new TarArchiveEntry("b.png"), png(1));
      member(tar, new TarArchiveEntry("b.cls"), text("1"));
      member(tar, new TarArchiveEntry("a.png"), png(2));
      member(tar, new TarArchiveEntry("a.cls"), text("0"));
    }
    byte[] archive = bytes.toByteArray();
    for (int at = 0; archive[at] != 0; at += 1024) { // each content takes one block
      byte[] prefix = "p".repeat(150).getBytes(StandardCharsets.US_ASCII);
      System.arraycopy(prefix, 0, archive, at + 345, prefix.length);
      checksum(archive, at);
    }
    write("train/a.tar", archive);
    assertThat(open().size()).isEqualTo(2);
  }

  @Test
  void keysMayHoldDots() throws IOException {
    packTrain("scan.v2.0.png=1", "scan.v2.0.cls=0", "scan.v2.1.png=2", "scan.v2.1.cls=1");
    assertThat(open().size()).isEqualTo(2);
    packTrain(
        "s.v2.0.PNG=1", "s.v2.0.seg.png=7", "s.v2.0.CLS=0", "s.v2.0.json=x", "b.png=2", "b.cls=1");
    assertThat(open().size()).isEqualTo(2);
    assertThat(grey(open(), 0)).isEqualTo(1);
  }

  @Test
  void namesThatBeginWithADotAreLeftOut() throws IOException {
    packTrain(
        "./._a.png=x", "./a.png=1", "._a.cls=x", "a.cls=0", "d/.hid.png=x", "b.png=2", "b.cls=1");
    assertThat(open().size()).isEqualTo(2);
  }

  @Test
  void whatIsThereTwiceOrUnclearIsRefused() throws IOException {
    assertRefused("a.png is in the archive twice", "a.png=1", "a.cls=0", "a.png=2");
    assertRefused("a.cls is in the archive twice", "a.png=1", "a.cls=0", "./a.cls=1");
    assertRefused("a.json is in the archive twice", "a.png=1", "a.cls=0", "a.json=1", "a.json=1");
    assertRefused("a has two images", "a.png=1", "a.cls=0", "a.jpg=1");
    assertRefused("rename one", "a.png=1", "a.cls=0", "a.b.png=2", "a.b.cls=1");
    assertRefused("no image a.png, .jpg or .webp beside a.cls", "a.cls=0", "b.cls=1", "b.png=1");
    assertRefused("no image a.png", "a.seg.png=1", "a.cls=0");
    assertRefused("b.cls is missing", "a.png=1", "a.cls=0", "b.png=1");
  }

  @Test
  void compressedArchivesAreRead() throws IOException {
    packTrain("a.png=1", "a.cls=0", "b.png=2", "b.cls=1");
    Path plain = folder.resolve("train/a.tar");
    try (OutputStream out =
        new GZIPOutputStream(Files.newOutputStream(folder.resolve("train/b.tar.gz")))) {
      Files.copy(plain, out);
    }
    Files.delete(plain);
    ImageSet train = open();
    assertThat(train.size()).isEqualTo(2);
    assertThat(grey(train, 1)).isEqualTo(2);
  }

  @Test
  void linksAndEndlessNamesAreRefused() throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (TarArchiveOutputStream tar = new TarArchiveOutputStream(bytes)) {
      member(tar, new TarArchiveEntry("a.png"), png(1));
      member(tar, new TarArchiveEntry("a.cls"), text("0"));
      TarArchiveEntry link = new TarArchiveEntry("b.png", TarConstants.LF_LINK);
      link.setLinkName("a.png");
      tar.putArchiveEntry(link);
      tar.closeArchiveEntry();
    }
    assertRefused("b.png is a link", bytes.toByteArray());

    TarArchiveEntry name = new TarArchiveEntry("././@LongLink", TarConstants.LF_GNUTYPE_LONGNAME);
    name.setSize(1L << 30);
    byte[] header = new byte[512];
    name.writeEntryHeader(header);
    byte[] endless = new byte[2 << 20];
    System.arraycopy(header, 0, endless, 0, 512);
    assertRefused("a header of more than 1 MiB", endless);
  }

  private void assertRefused(String message, byte[] archive) throws IOException {
    write("train/a.tar", archive);
    assertThatThrownBy(this::open)
        .isInstanceOf(UserException.class)
        .hasMessageContaining(message)
        .hasMessageNotContaining("\n");
  }

  private void assertRefused(String message, String... members) throws IOException {
    packTrain(members);
    assertRefused(message, Files.readAllBytes(folder.resolve("train/a.tar")));
  }

  private ImageSet open() {
    return ImageSources.open(folder.toString(), null, 4).train();
  }

  private static int grey(ImageSet set, int image) {
    byte[] pixels = new byte[48];
    set.read(image, pixels, 0);
    return pixels[0];
  }

  private void packTrain(String... members) throws IOException {
    pack("train/a.tar", TarArchiveOutputStream.LONGFILE_POSIX, members);
  }

  /** Members are NAME=CONTENT; the content of an image is its grey value, or text if it is none. */
  private void pack(String name, int longNames, String... members) throws IOException {
    Path file = folder.resolve(name);
    Files.createDirectories(file.getParent());
    try (TarArchiveOutputStream tar =
        new TarArchiveOutputStream(Files.newOutputStream(file), StandardCharsets.UTF_8.name())) {
      tar.setLongFileMode(longNames);
      for (String member : members) {
        String[] parts = member.split("=", 2);
        boolean image = ImageFile.isImageName(parts[0]) && parts[1].matches("\\d+");
        byte[] content = image ? png(Integer.parseInt(parts[1])) : text(parts[1]);
        member(tar, new TarArchiveEntry(parts[0]), content);
      }
    }
  }

  private void write(String name, byte[] content) throws IOException {
    Path file = folder.resolve(name);
    Files.createDirectories(file.getParent());
    Files.write(file, content);
  }

  private static void member(TarArchiveOutputStream tar, TarArchiveEntry entry, byte[] content)
      throws IOException {
    entry.setSize(content.length);
    tar.putArchiveEntry(entry);
    tar.write(content);
    tar.closeArchiveEntry();
  }

  private static byte[] text(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  private static byte[] png(int grey) throws IOException {
    BufferedImage image = new BufferedImage(4, 4, BufferedImage.TYPE_BYTE_GRAY);
    for (int i = 0; i < 16; i++) {
      image.getRaster().setSample(i % 4, i / 4, 0, grey);
    }
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    ImageIO.write(image, "png", bytes);
    return bytes.toByteArray();
  }

  private static void checksum(byte[] archive, int at) {
    Arrays.fill(archive, at + 148, at + 156, (byte) ' ');
    int sum = 0;
    for (int i = 0; i < 512; i++) {
      sum += Byte.toUnsignedInt(archive[at + i]);
    }
    byte[] digits = text(Integer.toOctalString(sum));
    System.arraycopy(digits, 0, archive, at + 148, digits.length);
    archive[at + 148 + digits.length] = 0;
  }
}
