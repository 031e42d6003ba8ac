package org.kat4j.lab.language;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;
import org.kat4j.error.UserException;
import org.kat4j.lab.Checksum;
import org.kat4j.torch.AtomicFile;

/**
 * A text as numbers of its characters, cut by position: the first 90 % to learn from, the next 5 %
 * to choose by, the last 5 % to judge by.
 *
 * @param name of the text
 * @param characters how many different ones there are, in the whole text
 * @param train numbers of the characters, 0 to characters - 1
 * @param validation the same
 * @param test the same
 */
@SuppressWarnings("ArrayRecordComponent") // filled once, read by the training
record CharacterText(String name, int characters, int[] train, int[] validation, int[] test) {
  private static final String FILE = "input.txt";
  private static final long LONGEST = 100_000_000; // bytes: all of it is held in memory

  /**
   * The text of a folder below the data root.
   *
   * @throws UserException if it is not there
   */
  static CharacterText open(String name, @Nullable Path root) {
    Path file = root == null ? null : root.resolve(name).resolve(FILE);
    if (file == null || !Files.isRegularFile(file)) {
      throw new UserException(
          "text '%s' is not here: put %s/%s into the folder given by --data-root (or KAT4J_DATA)"
              .formatted(name, name, FILE));
    }
    try {
      if (Files.size(file) > LONGEST) {
        throw new UserException("%s is longer than %,d bytes".formatted(file, LONGEST));
      }
      return of(name, new String(Files.readAllBytes(file), StandardCharsets.UTF_8));
    } catch (IOException failed) {
      throw new UserException(file + ": " + AtomicFile.reason(failed), failed);
    }
  }

  /** Characters are numbered in the order of their code points. */
  static CharacterText of(String name, String text) {
    int[] points = text.codePoints().toArray();
    int[] alphabet = Arrays.stream(points).distinct().sorted().toArray();
    int[] numbers =
        Arrays.stream(points).map(point -> Arrays.binarySearch(alphabet, point)).toArray();
    int learned = (int) (0.9 * numbers.length);
    int seen = (learned + numbers.length) / 2;
    return new CharacterText(
        name,
        alphabet.length,
        Arrays.copyOf(numbers, learned),
        Arrays.copyOfRange(numbers, learned, seen),
        Arrays.copyOfRange(numbers, seen, numbers.length));
  }

  /** Name, sizes and SHA-256 of all characters in their parts. */
  String checksum() {
    return "%s, %d characters, %d/%d/%d of them, sha256 %s"
        .formatted(
            name,
            characters,
            train.length,
            validation.length,
            test.length,
            new Checksum().add(train).add(validation).add(test).digits());
  }
}
