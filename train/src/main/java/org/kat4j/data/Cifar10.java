package org.kat4j.data;

import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import org.kat4j.error.UserException;

/**
 * CIFAR-10: colour photographs of ten kinds of things, 32 x 32, 50,000 to train and 10,000 to test.
 *
 * <p>Three forms are read, the best one found first: the exact binary files; all images as JPEG,
 * which is lossy; the first exact images only. Results on the last two cannot be compared with
 * published ones, so the description names the form. Source: www.cs.toronto.edu/~kriz/cifar.html.
 *
 * @param imagesPerFile images in each of the six binary files
 * @param address official address of the archive
 * @param archive the archive of the exact binary files
 */
record Cifar10(int imagesPerFile, URI address, RemoteFile archive) {
  static final String NAME = "cifar10";
  static final int SIDE = 32;
  static final List<String> CLASS_NAMES =
      List.of(
          "airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck");
  static final Normalization NORMALIZATION =
      new Normalization(new float[] {.4914f, .4822f, .4465f}, new float[] {.2470f, .2435f, .2616f});

  static final Cifar10 PUBLISHED =
      new Cifar10(
          10_000,
          URI.create("https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz"),
          new RemoteFile(
              "cifar-10-binary.tar.gz",
              170_052_171,
              "c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd"));

  static final String BINARY_FOLDER = "cifar-10-batches-bin";
  private static final String TEST_FILE = "test_batch.bin";
  private static final List<String> TRAIN_FILES =
      IntStream.rangeClosed(1, 5).mapToObj(i -> "data_batch_" + i + ".bin").toList();

  /** The form in which the images are at hand. */
  private sealed interface Form {
    /** The exact binary files, unpacked from the archive. */
    record Binary(List<Path> train, Path test) implements Form {}

    record Archive(Path file) implements Form {}

    record Jpeg(Path train, Path test) implements Form {}

    record Partial(Path train, Path test) implements Form {}
  }

  ImageData open(DataFolders folders) {
    Form form =
        find(folders).orElseGet(() -> new Form.Archive(folders.fetch(NAME, address, archive)));
    return switch (form) {
      case Form.Binary(List<Path> train, Path test) ->
          data(
              CifarRecords.files(train, imagesPerFile),
              CifarRecords.files(List.of(test), imagesPerFile),
              "exact and complete, from " + test.getParent());
      case Form.Archive(Path file) -> openArchive(file);
      case Form.Jpeg(Path train, Path test) ->
          data(
              CifarJpegs.read(train, "train", TRAIN_FILES.size() * imagesPerFile),
              CifarJpegs.read(test, "test", imagesPerFile),
              "all images as JPEG (lossy: results are not comparable with published ones), from "
                  + train.getParent());
      case Form.Partial(Path train, Path test) ->
          data(
              CifarRecords.partial(train, TRAIN_FILES.size() * imagesPerFile),
              CifarRecords.partial(test, imagesPerFile),
              "only the first images, exact (results are not comparable with published ones), from "
                  + train.getParent());
    };
  }

  SourceInfo info(DataFolders folders) {
    Optional<Form> form = find(folders);
    String where =
        form.map(found ->
                switch (found) {
                  case Form.Binary(List<Path> _, Path test) -> test.getParent() + " (exact)";
                  case Form.Archive(Path file) -> file + " (exact)";
                  case Form.Jpeg(Path train, Path _) -> train.getParent() + " (JPEG, lossy)";
                  case Form.Partial(Path train, Path _) ->
                      train.getParent() + " (first images only)";
                })
            .orElse("to fetch: " + archive.name());
    return new SourceInfo(
        NAME, "small colour photographs", 50_000, 10_000, 3, SIDE, SIDE, form.isPresent(), where);
  }

  private ImageData openArchive(Path file) {
    try {
      if (!Sha256.of(file).equals(archive.sha256())) {
        throw new UserException(
            file + ": not the published archive (its sha256 differs); fetch it again");
      }
    } catch (IOException e) {
      throw new UserException(file + ": cannot be read (" + e.getMessage() + ")", e);
    }
    CifarRecords train = new CifarRecords(TRAIN_FILES.size() * imagesPerFile);
    CifarRecords test = new CifarRecords(imagesPerFile);
    Tar.read(
        file,
        (member, content) -> {
          String name = member.name();
          String plain = name.substring(name.lastIndexOf('/') + 1);
          int place = TRAIN_FILES.indexOf(plain);
          if (place >= 0) {
            train.read(content, place * imagesPerFile, imagesPerFile, file + "/" + name);
          } else if (plain.equals(TEST_FILE)) {
            test.read(content, 0, imagesPerFile, file + "/" + name);
          }
        });
    return data(train.toSet(), test.toSet(), "exact and complete, from " + file);
  }

  private static ImageData data(ImageSet train, ImageSet test, String form) {
    return new ImageData(NAME, train, test, "small colour photographs, " + form);
  }

  /** The best form in any of the folders. */
  private Optional<Form> find(DataFolders folders) {
    List<Path> candidates = folders.candidates(NAME);
    return candidates.stream()
        .flatMap(folder -> binary(folder).stream())
        .findFirst()
        .or(() -> folders.find(NAME, archive.name()).map(Form.Archive::new))
        .or(() ->
            pair(candidates, "cifar10-jpeg-train.zip", "cifar10-jpeg-test.zip")
                .map(pair -> new Form.Jpeg(pair.getFirst(), pair.getLast())))
        .or(() ->
            pair(candidates, "train_first4000.bin.gz", "test_first1000.bin.gz")
                .map(pair -> new Form.Partial(pair.getFirst(), pair.getLast())));
  }

  private static Optional<Form> binary(Path folder) {
    return List.of(folder.resolve(BINARY_FOLDER), folder).stream()
        .filter(candidate -> binaryFile(candidate, TEST_FILE).isPresent())
        .findFirst()
        .map(found ->
            new Form.Binary(
                TRAIN_FILES.stream()
                    .map(name ->
                        binaryFile(found, name)
                            .orElseThrow(
                                () -> new UserException(found + ": " + name + " is missing")))
                    .toList(),
                binaryFile(found, TEST_FILE).orElseThrow()));
  }

  private static Optional<Path> binaryFile(Path folder, String name) {
    return List.of(folder.resolve(name), folder.resolve(name + ".gz")).stream()
        .filter(Files::isRegularFile)
        .findFirst();
  }

  private static Optional<List<Path>> pair(List<Path> folders, String train, String test) {
    return folders.stream()
        .map(folder -> List.of(folder.resolve(train), folder.resolve(test)))
        .filter(files -> files.stream().allMatch(Files::isRegularFile))
        .findFirst();
  }
}
