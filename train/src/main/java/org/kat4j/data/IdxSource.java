package org.kat4j.data;

import java.net.URI;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * A published set of four IDX files: training images and labels, test images and labels.
 *
 * @param name name of the set and of its folder
 * @param what the pictures, in a few words
 * @param base official address of the folder with the gzipped files, ending in a slash
 * @param classNames by label
 * @param normalization published mean and standard deviation of the training images
 * @param files the four files, in the order above
 */
record IdxSource(
    String name,
    String what,
    URI base,
    List<String> classNames,
    Normalization normalization,
    List<PublishedIdx> files) {

  /**
   * One of the files.
   *
   * @param packed the gzipped file as published
   * @param contentSha256 checksum of the unpacked bytes, by which any copy is recognised
   */
  record PublishedIdx(RemoteFile packed, String contentSha256) {
    /** The name without ".gz". */
    String plainName() {
      return packed.name().replaceFirst("\\.gz$", "");
    }
  }

  static final String TRAIN_IMAGES = "train-images-idx3-ubyte";
  static final String TRAIN_LABELS = "train-labels-idx1-ubyte";
  static final String TEST_IMAGES = "t10k-images-idx3-ubyte";
  static final String TEST_LABELS = "t10k-labels-idx1-ubyte";

  static final IdxSource MNIST =
      new IdxSource(
          "mnist",
          "handwritten digits",
          URI.create("https://ossci-datasets.s3.amazonaws.com/mnist/"),
          List.of("0", "1", "2", "3", "4", "5", "6", "7", "8", "9"),
          new Normalization(new float[] {.1307f}, new float[] {.3081f}),
          List.of(
              published(
                  TRAIN_IMAGES,
                  9_912_422,
                  "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609",
                  "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db"),
              published(
                  TRAIN_LABELS,
                  28_881,
                  "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c",
                  "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5"),
              published(
                  TEST_IMAGES,
                  1_648_877,
                  "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6",
                  "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7"),
              published(
                  TEST_LABELS,
                  4_542,
                  "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6",
                  "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2")));

  static final IdxSource FASHION_MNIST =
      new IdxSource(
          "fashion-mnist",
          "pictures of clothes",
          URI.create("http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/"),
          List.of(
              "T-shirt/top",
              "Trouser",
              "Pullover",
              "Dress",
              "Coat",
              "Sandal",
              "Shirt",
              "Sneaker",
              "Bag",
              "Ankle boot"),
          new Normalization(new float[] {.2860f}, new float[] {.3530f}),
          List.of(
              published(
                  TRAIN_IMAGES,
                  26_421_880,
                  "3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84",
                  "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888"),
              published(
                  TRAIN_LABELS,
                  29_515,
                  "a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845",
                  "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9"),
              published(
                  TEST_IMAGES,
                  4_422_102,
                  "346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073",
                  "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b"),
              published(
                  TEST_LABELS,
                  5_148,
                  "67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5",
                  "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34")));

  private static PublishedIdx published(
      String name, long bytes, String sha256, String contentSha256) {
    return new PublishedIdx(new RemoteFile(name + ".gz", bytes, sha256), contentSha256);
  }

  /** Opens the set from the user's folders, fetching the files that are in none of them. */
  ImageData open(DataFolders folders) {
    List<Path> paths = files.stream().map(file -> path(file, folders)).toList();
    return new ImageData(
        name,
        set(0, paths),
        set(2, paths),
        what + ", complete, from " + paths.getFirst().getParent());
  }

  /** What can be said without opening the files. */
  SourceInfo info(DataFolders folders) {
    List<String> missing =
        files.stream()
            .filter(file -> find(file, folders).isEmpty())
            .map(PublishedIdx::plainName)
            .toList();
    String where =
        missing.isEmpty()
            ? String.valueOf(find(files.getFirst(), folders).orElseThrow().getParent())
            : "to fetch: " + String.join(", ", missing);
    return new SourceInfo(name, what, 60_000, 10_000, 1, 28, 28, missing.isEmpty(), where);
  }

  private ImageSet set(int first, List<Path> paths) {
    return IdxImages.read(
            paths.get(first),
            paths.get(first + 1),
            files.get(first).contentSha256(),
            files.get(first + 1).contentSha256())
        .toSet(classNames, normalization, paths.get(first + 1));
  }

  private Path path(PublishedIdx file, DataFolders folders) {
    return find(file, folders).orElseGet(() -> folders.fetch(name, base, file.packed()));
  }

  private Optional<Path> find(PublishedIdx file, DataFolders folders) {
    return folders.find(name, file.packed().name(), file.plainName());
  }
}
