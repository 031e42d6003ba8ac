package org.kat4j.bench.fuzz;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.random.RandomGenerator;

/** One or a few accidents that happen to a sound file: cut, flipped, grown, repeated, spliced. */
final class Damage {
  /** Characters that mean something in the text formats. */
  private static final byte[] TEXT =
      "{}[],;:\"'0129-.eE+ \\()|/\t\r\n#%&*<>=_\0\u00e9".getBytes(StandardCharsets.UTF_8);

  /** Numbers at which lengths and counts go wrong. */
  private static final int[] EDGES = {
    0, 1, 0x7f, 0x80, 0xff, 0x7fff, 0x8000, 0xffff, 0x7fffffff, 0x80000000, 0xffffffff
  };

  private static final int MOST_ACCIDENTS = 3;
  private static final int LONGEST_PIECE = 64;

  private Damage() {}

  /** One of the sound files with one to three accidents; now and then none. */
  static byte[] of(List<byte[]> sound, RandomGenerator random) {
    byte[] bytes = sound.get(random.nextInt(sound.size()));
    for (int i = random.nextInt(MOST_ACCIDENTS + 1); i > 0; i--) {
      bytes = bytes.length == 0 ? bytes : accident(bytes, sound, random);
    }
    return bytes;
  }

  private static byte[] accident(byte[] bytes, List<byte[]> sound, RandomGenerator random) {
    int at = random.nextInt(bytes.length);
    return switch (random.nextInt(8)) {
      case 0 -> Arrays.copyOf(bytes, at);
      case 1 -> flipped(bytes, at, random);
      case 2 -> overwritten(bytes, at, new byte[] {TEXT[random.nextInt(TEXT.length)]});
      case 3 -> overwritten(bytes, at, edge(random));
      case 4 -> replaced(bytes, at, 0, some(random));
      case 5 -> replaced(bytes, at, random.nextInt(LONGEST_PIECE), new byte[0]);
      case 6 -> replaced(bytes, at, 0, piece(bytes, random)); // said twice
      default -> replaced(bytes, at, 0, piece(sound.get(random.nextInt(sound.size())), random));
    };
  }

  private static byte[] flipped(byte[] bytes, int at, RandomGenerator random) {
    byte[] copy = bytes.clone();
    copy[at] ^= (byte) (1 << random.nextInt(8));
    return copy;
  }

  private static byte[] overwritten(byte[] bytes, int at, byte[] value) {
    byte[] copy = bytes.clone();
    System.arraycopy(value, 0, copy, at, Math.min(value.length, copy.length - at));
    return copy;
  }

  private static byte[] edge(RandomGenerator random) {
    int value = EDGES[random.nextInt(EDGES.length)];
    boolean little = random.nextBoolean();
    byte[] bytes = new byte[1 << random.nextInt(3)];
    for (int i = 0; i < bytes.length; i++) {
      bytes[little ? i : bytes.length - 1 - i] = (byte) (value >>> 8 * i);
    }
    return bytes;
  }

  private static byte[] some(RandomGenerator random) {
    byte[] bytes = new byte[1 + random.nextInt(16)];
    random.nextBytes(bytes);
    return bytes;
  }

  private static byte[] piece(byte[] bytes, RandomGenerator random) {
    if (bytes.length == 0) {
      return bytes;
    }
    int from = random.nextInt(bytes.length);
    return Arrays.copyOfRange(
        bytes, from, Math.min(bytes.length, from + 1 + random.nextInt(LONGEST_PIECE)));
  }

  /** The bytes with {@code length} of them from {@code at} on replaced by others. */
  private static byte[] replaced(byte[] bytes, int at, int length, byte[] by) {
    int rest = Math.min(bytes.length, at + length);
    byte[] all = Arrays.copyOf(bytes, at + by.length + bytes.length - rest);
    System.arraycopy(by, 0, all, at, by.length);
    System.arraycopy(bytes, rest, all, at + by.length, bytes.length - rest);
    return all;
  }
}
