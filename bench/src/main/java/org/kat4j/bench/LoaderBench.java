package org.kat4j.bench;

import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.function.IntConsumer;
import java.util.stream.IntStream;
import javax.imageio.IIOImage;
import javax.imageio.ImageIO;
import javax.imageio.ImageWriteParam;
import javax.imageio.ImageWriter;
import javax.imageio.stream.MemoryCacheImageOutputStream;
import org.kat4j.augment.Augmentation;
import org.kat4j.augment.Erasing;
import org.kat4j.augment.Interpolation;
import org.kat4j.augment.Mixing;
import org.kat4j.augment.RandAugment;
import org.kat4j.augment.ResizedCrop;
import org.kat4j.data.Batches;
import org.kat4j.data.ImageSet;
import org.kat4j.data.Loader;
import org.kat4j.data.Loading;
import org.kat4j.data.MemoryImages;
import org.kat4j.data.Normalization;
import org.kat4j.data.RandomStream;
import org.kat4j.data.Subset;
import org.kat4j.image.EvaluationTransform;
import org.kat4j.image.ImageReading;
import org.kat4j.image.Picture;
import org.kat4j.image.Resampling;
import org.kat4j.model.ImageModel;
import org.kat4j.torch.Device;
import org.kat4j.torch.Host;
import org.kat4j.torch.Precision;
import org.kat4j.torch.Turns;
import org.kat4j.train.NoiseSteps;

/**
 * The loader against what it has to keep up with: the bare decoding of JPEGs by Java's ImageIO, one
 * thread each, and the images that training takes.
 *
 * <p>The pictures are made here: noise of several scales under shapes, encoded to about the size of
 * ImageNet's files.
 */
public final class LoaderBench {
  private static final int WIDTH = 500;
  private static final int HEIGHT = 375;
  private static final int CROP = 224;
  private static final int SMALL = 32;
  private static final float QUALITY = 0.92f;
  private static final int PICTURES = 24;
  private static final int BATCH = 64;
  private static final int STEPS = 20;

  private static final Augmentation LIGHT =
      new Augmentation(
          true,
          0,
          new ResizedCrop(true, 0.08, 1, 3.0 / 4, 4.0 / 3, Interpolation.RANDOM),
          RandAugment.NONE,
          0,
          Erasing.NONE,
          1);
  private static final Augmentation RECIPE =
      new Augmentation(
          true,
          0,
          LIGHT.resizedCrop(),
          RandAugment.named("rand-m9-mstd0.5"),
          0,
          new Erasing(0.25, Erasing.Mode.PIXEL, 1, 0.02, 1.0 / 3, 0.3),
          1);

  private LoaderBench() {}

  /**
   * One of our ways to a batch.
   *
   * @param time milliseconds an image
   * @param ratio to the bare decoding of the same round, which what else the machine does slows too
   */
  public record Side(Timing time, Timing ratio) {
    static Side of(double[] times, double[] bare) {
      double[] ratios = new double[times.length];
      Arrays.setAll(ratios, round -> times[round] / bare[round]);
      return new Side(Timing.of(times), Timing.of(ratios));
    }
  }

  /**
   * What one run measured; times are milliseconds an image on one thread.
   *
   * @param fileBytes of a JPEG, on average
   * @param bare {@code ImageIO.read}
   * @param evaluation decoded, resized, cropped and normalised by the loader
   * @param light decoded, random resized crop, flip, normalised
   * @param recipe the same with RandAugment, mixing and erasing
   * @param smallRate images a second from 32-px images in memory, flipped and cropped
   * @param smallJpegRate images a second from 32-px JPEGs
   * @param trainingRate images a second that kat_tiny takes at 32 px
   */
  public record Result(
      long fileBytes,
      Timing bare,
      Side evaluation,
      Side light,
      Side recipe,
      double smallRate,
      double smallJpegRate,
      double trainingRate,
      int threads) {

    /** Both sides of each comparison and their ratio. */
    public String table() {
      return String.join(
          System.lineSeparator(),
          "JPEGs of %d x %d, %d KB, to %d px, ms an image on one thread: median [quartiles]"
              .formatted(WIDTH, HEIGHT, fileBytes / 1000, CROP),
          line("evaluation", evaluation),
          line("crop, flip", light),
          line("recipe", recipe),
          String.format(
              Locale.ROOT,
              "images of %d px a second: kat_tiny takes %.0f (%d threads); the loader gives %.0f from memory, %.1f times that, and %.0f from JPEGs, %.1f times (1 thread)",
              SMALL,
              trainingRate,
              threads,
              smallRate,
              smallRate / trainingRate,
              smallJpegRate,
              smallJpegRate / trainingRate));
    }

    private String line(String name, Side ours) {
      return String.format(
          Locale.ROOT,
          "  %-11s %7.3f %s   against ImageIO.read %7.3f %s   ratio %.3f %s, %.0f images/s",
          name,
          ours.time().median(),
          ours.time().spread(),
          bare.median(),
          bare.spread(),
          ours.ratio().median(),
          ours.ratio().spread(),
          1000 / ours.time().median());
    }
  }

  /** Measures; all sides take turns in every round. */
  public static Result run(int rounds) {
    ImageIO.setUseCache(false);
    List<byte[]> files = new ArrayList<>();
    List<byte[]> small = new ArrayList<>();
    for (int i = 0; i < PICTURES; i++) {
      BufferedImage picture = picture(i);
      files.add(jpeg(picture));
      small.add(jpeg(picture.getSubimage(100, 100, SMALL, SMALL)));
    }
    ImageSet photographs = new Jpegs(files, CROP);
    double[][] times = new double[4][rounds];
    int warmUp = Math.max(2, rounds / 4);
    for (int round = -warmUp; round < rounds; round++) {
      double[] now = {
        time(i -> decode(files.get(i))),
        throughLoader(photographs, Loading.inOrder(PICTURES, 1)),
        throughLoader(photographs, loading(LIGHT, Mixing.NONE)),
        throughLoader(photographs, loading(RECIPE, mixing()))
      };
      for (int side = 0; side < now.length && round >= 0; side++) {
        times[side][round] = now[side];
      }
    }
    return new Result(
        (long) files.stream().mapToInt(file -> file.length).average().orElse(0),
        Timing.of(times[0]),
        Side.of(times[1], times[0]),
        Side.of(times[2], times[0]),
        Side.of(times[3], times[0]),
        rate(repeated(decoded(small), 20_000), new Augmentation(true, 4)),
        rate(repeated(new Jpegs(small, SMALL), 4_000), new Augmentation(true, 4)),
        trainingRate(),
        Host.threads());
  }

  private static Mixing mixing() {
    return new Mixing(0.8, 1, 1, 0.5, Mixing.Mode.BATCH, 0);
  }

  private static Loading loading(Augmentation augmentation, Mixing mixing) {
    return new Loading(PICTURES, true, false, augmentation, mixing, 1, 1);
  }

  /** Milliseconds an image of work on every picture. */
  private static double time(IntConsumer work) {
    long started = System.nanoTime();
    for (int i = 0; i < PICTURES; i++) {
      work.accept(i);
    }
    return (System.nanoTime() - started) / 1e6 / PICTURES;
  }

  private static void decode(byte[] file) {
    try {
      if (ImageIO.read(new ByteArrayInputStream(file)).getWidth() != WIDTH) {
        throw new IllegalStateException("not what was encoded");
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static double throughLoader(ImageSet set, Loading loading) {
    long started = System.nanoTime();
    consume(Loader.epoch(set, loading, 0, 0));
    return (System.nanoTime() - started) / 1e6 / set.size();
  }

  private static void consume(Batches batches) {
    try (batches) {
      while (batches.hasNext()) {
        batches.next().close();
      }
    }
  }

  /** Images a second that one loader thread makes. */
  private static double rate(ImageSet set, Augmentation augmentation) {
    Loading loading = new Loading(BATCH, true, true, augmentation, Mixing.NONE, 1, 1);
    consume(Loader.epoch(set, loading, 0, 0));
    return 1000 / throughLoader(set, loading);
  }

  /** Images a second of kat_tiny's training steps at 32 px, ten classes. */
  private static double trainingRate() {
    var step =
        new NoiseSteps(
            NoiseSteps.config(
                ImageModel.Spec.named("kat_tiny").withInput(SMALL, 3, 10),
                Device.CPU,
                Precision.FLOAT32,
                BATCH),
            /* recorded= */ false);
    List<Timing> timings = Timing.ofEach(Turns.measure(Device.CPU, List.of(step), 1, STEPS));
    return 1000 * BATCH / timings.getFirst().median();
  }

  /** Pictures decoded at each read, as those of a folder. */
  private record Jpegs(List<byte[]> files, int side) implements ImageSet {
    @Override
    public int size() {
      return files.size();
    }

    @Override
    public List<String> classNames() {
      return List.of("only");
    }

    @Override
    public int channels() {
      return 3;
    }

    @Override
    public int height() {
      return side;
    }

    @Override
    public int width() {
      return side;
    }

    @Override
    public int label(int index) {
      return 0;
    }

    @Override
    public void read(int index, byte[] target, int offset) {
      var transform = new EvaluationTransform(side == CROP ? 0.875 : 1, Resampling.BICUBIC);
      byte[] pixels = transform.apply(picture(index), side, side).pixels();
      System.arraycopy(pixels, 0, target, offset, pixels.length);
    }

    @Override
    public Picture picture(int index) {
      return ImageReading.decode(files.get(index), "picture " + index, 3, false);
    }

    @Override
    public Normalization normalization() {
      return new Normalization(
          new float[] {.485f, .456f, .406f}, new float[] {.229f, .224f, .225f});
    }
  }

  /** The images of another set, again and again. */
  private static ImageSet repeated(ImageSet set, int size) {
    return new Subset(set, IntStream.range(0, size).map(i -> i % set.size()).toArray());
  }

  /** The same images decoded once. */
  private static ImageSet decoded(List<byte[]> files) {
    Jpegs jpegs = new Jpegs(files, SMALL);
    int image = 3 * SMALL * SMALL;
    byte[] pixels = new byte[files.size() * image];
    for (int i = 0; i < files.size(); i++) {
      jpegs.read(i, pixels, i * image);
    }
    return new MemoryImages(
        jpegs.classNames(),
        jpegs.channels(),
        SMALL,
        SMALL,
        pixels,
        new byte[files.size()],
        jpegs.normalization());
  }

  /** A coloured picture with detail at every scale. */
  private static BufferedImage picture(int seed) {
    var random = RandomStream.of(seed);
    BufferedImage image = new BufferedImage(WIDTH, HEIGHT, BufferedImage.TYPE_INT_RGB);
    double[] phases = random.doubles(24).map(x -> 2 * Math.PI * x).toArray();
    for (int y = 0; y < HEIGHT; y++) {
      for (int x = 0; x < WIDTH; x++) {
        int rgb = 0;
        for (int channel = 0; channel < 3; channel++) {
          double value = 128 + 22 * (random.nextDouble() - 0.5);
          for (int octave = 0; octave < 4; octave++) {
            double wave = 0.02 * (1 << octave);
            value +=
                40.0
                    / (1 << octave)
                    * Math.sin(wave * x + phases[6 * octave + channel])
                    * Math.cos(wave * y + phases[6 * octave + 3 + channel]);
          }
          rgb = rgb << 8 | (int) Math.clamp(value, 0, 255);
        }
        image.setRGB(x, y, rgb);
      }
    }
    return image;
  }

  private static byte[] jpeg(BufferedImage image) {
    ImageWriter writer = ImageIO.getImageWritersByFormatName("jpeg").next();
    var bytes = new ByteArrayOutputStream();
    try (var out = new MemoryCacheImageOutputStream(bytes)) {
      ImageWriteParam parameters = writer.getDefaultWriteParam();
      parameters.setCompressionMode(ImageWriteParam.MODE_EXPLICIT);
      parameters.setCompressionQuality(QUALITY);
      writer.setOutput(out);
      writer.write(null, new IIOImage(image, null, null), parameters);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } finally {
      writer.dispose();
    }
    return bytes.toByteArray();
  }
}
