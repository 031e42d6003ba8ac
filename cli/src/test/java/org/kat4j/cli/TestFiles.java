package org.kat4j.cli;

import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import javax.imageio.ImageIO;

/** Small inputs for tests of the commands. */
final class TestFiles {
  private TestFiles() {}

  /** A folder of 14 x 14 images in two classes: four of each to train, two to validate. */
  static Path imageFolder(Path folder) throws IOException {
    for (int i = 0; i < 4; i++) {
      image(folder.resolve("train/across/" + i + ".png"), true, i);
      image(folder.resolve("train/upright/" + i + ".png"), false, i);
    }
    for (int i = 4; i < 6; i++) {
      image(folder.resolve("val/across/" + i + ".png"), true, i);
      image(folder.resolve("val/upright/" + i + ".png"), false, i);
    }
    return folder;
  }

  /** The same as JPEGs. */
  static Path jpegFolder(Path folder) throws IOException {
    Path images = imageFolder(folder);
    try (Stream<Path> files = Files.walk(images)) {
      for (Path png : files.filter(Files::isRegularFile).toList()) {
        String name = png.getFileName().toString().replace(".png", ".JPEG");
        ImageIO.write(ImageIO.read(png.toFile()), "jpeg", png.resolveSibling(name).toFile());
        Files.delete(png);
      }
    }
    return images;
  }

  /** The same with images that are not square. */
  static Path oblongFolder(Path folder) throws IOException {
    var image = new BufferedImage(14, 21, BufferedImage.TYPE_INT_RGB);
    for (String part : new String[] {"train", "val"}) {
      Path file = folder.resolve(part).resolve("grey").resolve("1.png");
      Files.createDirectories(file.getParent());
      ImageIO.write(image, "png", file.toFile());
    }
    return folder;
  }

  /** Arguments that train a very small KAT on {@link #imageFolder} for two epochs. */
  static String[] training(Path images, Path out) {
    String settings =
        "train --model kat_nano --epochs 2 --batch-size 4 --set model.width=16 --set model.depth=1"
            + " --set model.imageSize=28 --set model.patchSize=7 --set threads=1 --json"
            + " --set task.augmentation.padCrop=0 --data";
    List<String> all = new ArrayList<>(List.of(settings.split(" ")));
    all.addAll(List.of(images.toString(), "--out", out.toString()));
    return all.toArray(String[]::new);
  }

  /** Stripes that begin at {@code shift}. */
  private static void image(Path file, boolean across, int shift) throws IOException {
    var image = new BufferedImage(14, 14, BufferedImage.TYPE_INT_RGB);
    for (int y = 0; y < 14; y++) {
      for (int x = 0; x < 14; x++) {
        image.setRGB(x, y, ((across ? y : x) + shift) % 6 < 3 ? 0xf0e0d0 : 0x102030);
      }
    }
    Files.createDirectories(file.getParent());
    ImageIO.write(image, "png", file.toFile());
  }
}
