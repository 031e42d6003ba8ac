package org.kat4j.data;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import org.kat4j.error.UserException;
import org.kat4j.image.ImageReading;
import org.kat4j.image.Picture;

/** Where the bytes of one encoded image lie; its text form names it in errors. */
sealed interface ImageFile {
  List<String> SUFFIXES = List.of(".png", ".jpg", ".jpeg", ".jpe", ".jfif", ".webp");

  /** Whether a file of this name is taken for an image. */
  static boolean isImageName(String name) {
    String small = name.toLowerCase(Locale.ROOT);
    return SUFFIXES.stream().anyMatch(small::endsWith);
  }

  /** The size that the header states. */
  ImageReading.Size size();

  Picture read(int channels, boolean upright);

  /** A file of its own. */
  record Plain(Path path) implements ImageFile {
    @Override
    public ImageReading.Size size() {
      return ImageReading.size(path);
    }

    @Override
    public Picture read(int channels, boolean upright) {
      return ImageReading.read(path, channels, upright);
    }

    @Override
    public String toString() {
      return path.toString();
    }
  }

  /** A part of an archive that stores its files as they are. */
  record Packed(Path archive, String entry, long offset, int length) implements ImageFile {
    @Override
    public ImageReading.Size size() {
      return ImageReading.size(bytes(), this);
    }

    @Override
    public Picture read(int channels, boolean upright) {
      return ImageReading.decode(bytes(), this, channels, upright);
    }

    private byte[] bytes() {
      ByteBuffer content = ByteBuffer.allocate(length);
      try (FileChannel channel = FileChannel.open(archive)) {
        while (content.hasRemaining()) {
          if (channel.read(content, offset + content.position()) < 0) {
            throw new UserException(this + ": the archive ends too early; fetch it again");
          }
        }
      } catch (IOException e) {
        throw new UserException(this + ": cannot be read (" + e.getMessage() + ")", e);
      }
      return content.array();
    }

    @Override
    public String toString() {
      return archive + "/" + entry;
    }
  }

  /** An encoded image in memory, as compressed archives are read. */
  @SuppressWarnings("ArrayRecordComponent") // only carries the array, is never compared
  record Held(String name, byte[] content) implements ImageFile {
    @Override
    public ImageReading.Size size() {
      return ImageReading.size(content, this);
    }

    @Override
    public Picture read(int channels, boolean upright) {
      return ImageReading.decode(content, this, channels, upright);
    }

    @Override
    public String toString() {
      return name;
    }
  }
}
