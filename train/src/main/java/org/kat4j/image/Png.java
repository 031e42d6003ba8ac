package org.kat4j.image;

import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import javax.imageio.ImageIO;
import javax.imageio.stream.MemoryCacheImageOutputStream;

/** Pictures as PNG files. */
public final class Png {
  private Png() {}

  /** The bytes of a PNG file, without loss. */
  public static byte[] encode(Picture picture) {
    int area = picture.area();
    byte[] pixels = picture.pixels();
    int blue = picture.channels() == 1 ? 0 : 2 * area;
    int green = picture.channels() == 1 ? 0 : area;
    var image = new BufferedImage(picture.width(), picture.height(), BufferedImage.TYPE_INT_RGB);
    for (int i = 0; i < area; i++) {
      int rgb =
          (pixels[i] & 0xff) << 16 | (pixels[green + i] & 0xff) << 8 | pixels[blue + i] & 0xff;
      image.setRGB(i % picture.width(), i / picture.width(), rgb);
    }
    var bytes = new ByteArrayOutputStream();
    // In memory: ImageIO itself would go by way of a file in the temporary folder.
    try (var stream = new MemoryCacheImageOutputStream(bytes)) {
      ImageIO.write(image, "png", stream);
    } catch (IOException impossible) { // nothing but memory is written
      throw new UncheckedIOException(impossible);
    }
    return bytes.toByteArray();
  }
}
