package org.kat4j.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.kat4j.error.UserException;

class IdxSourceTest {
  private static final List<String> NAMES =
      List.of(
          IdxSource.TRAIN_IMAGES,
          IdxSource.TRAIN_LABELS,
          IdxSource.TEST_IMAGES,
          IdxSource.TEST_LABELS);
  private static final List<byte[]> CONTENTS =
      List.of(
          IdxBytes.images(3, 2, 2),
          IdxBytes.labels(0, 1, 0),
          IdxBytes.images(2, 2, 2),
          IdxBytes.labels(1, 0));

  @TempDir private Path folder = Path.of("");
  private TestServer server = startedServer();

  private static TestServer startedServer() {
    try {
      return new TestServer();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @BeforeEach
  void serveFiles() {
    for (int i = 0; i < NAMES.size(); i++) {
      server.files.put("/data/" + NAMES.get(i) + ".gz", IdxBytes.gzip(CONTENTS.get(i)));
    }
  }

  @AfterEach
  void stopServer() {
    server.close();
  }

  @Test
  void fetchesWhatIsMissingAndThenNeedsNoServer() throws IOException {
    DataFolders folders = new DataFolders(null, folder);
    assertThat(source().info(folders).available()).isFalse();

    ImageData fetched = source().open(folders);

    assertThat(fetched.train().size()).isEqualTo(3);
    assertThat(fetched.validation().label(0)).isEqualTo(1);
    server.close();
    assertThat(source().open(folders).train().size()).isEqualTo(3);
    assertThat(source().info(folders).available()).isTrue();
    try (Stream<Path> files = Files.list(folder.resolve("tiny"))) {
      assertThat(files.map(file -> file.getFileName().toString()))
          .containsExactlyInAnyOrderElementsOf(NAMES.stream().map(name -> name + ".gz").toList());
    }
  }

  @Test
  void readsFilesOfTheRootItsSubfolderPackedOrNot() throws IOException {
    server.close();
    for (Path place : List.of(folder.resolve("a"), folder.resolve("b/tiny"))) {
      Files.createDirectories(place);
      for (int i = 0; i < NAMES.size(); i++) {
        Files.write(place.resolve(NAMES.get(i)), CONTENTS.get(i));
      }
    }
    for (String root : List.of("a", "b")) {
      DataFolders folders = new DataFolders(folder.resolve(root), folder.resolve("cache"));
      assertThat(source().open(folders).train().size()).isEqualTo(3);
    }
  }

  @Test
  void keepsFetchedFilesInTheRootIfThereIsOne() {
    Path cache = folder.resolve("cache");
    source().open(new DataFolders(folder, cache));
    assertThat(folder.resolve("tiny").resolve(NAMES.getFirst() + ".gz")).exists();
    assertThat(cache).doesNotExist();
  }

  @Test
  void leavesNothingBehindWhenTheFileIsNotTheRightOne() {
    String path = "/data/" + NAMES.getFirst() + ".gz";
    byte[] right = IdxBytes.gzip(CONTENTS.getFirst());

    server.files.remove(path);
    assertNotFetched("the server answered 404");
    byte[] changed = right.clone();
    changed[20] ^= 1;
    server.files.put(path, changed);
    assertNotFetched("its sha256 is");
    server.files.put(path, Arrays.copyOf(right, right.length - 1));
    assertNotFetched("less than the expected");
    server.files.put(path, Arrays.copyOf(right, right.length + 200_000));
    assertNotFetched("more than the expected");
    server.files.put(path, Arrays.copyOf(right, right.length - 5));
    server.withheldBytes = 5;
    assertNotFetched("");
    server.close();
    assertNotFetched("no connection");
  }

  private void assertNotFetched(String reason) {
    assertThatThrownBy(() -> source().open(new DataFolders(null, folder)))
        .isInstanceOf(UserException.class)
        .hasMessageContaining(reason)
        .hasMessageContaining("--data-root (or KAT4J_DATA), or give a network connection")
        .hasMessageContaining(folder.resolve("tiny").resolve(NAMES.getFirst() + ".gz").toString())
        .hasMessageNotContaining("\n");
    assertThat(folder.resolve("tiny")).isEmptyDirectory();
  }

  @Test
  void refusesOtherFilesOfTheSameName() throws IOException {
    source().open(new DataFolders(null, folder));
    Path labels = folder.resolve("tiny").resolve(NAMES.get(1) + ".gz");
    Files.write(labels, IdxBytes.gzip(IdxBytes.labels(1, 1, 0)));
    assertThatThrownBy(() -> source().open(new DataFolders(null, folder)))
        .isInstanceOf(UserException.class)
        .hasMessageStartingWith(labels + ": not the published file");
  }

  @Test
  void anyFolderOfIdxFilesOpensByItsPath() throws IOException {
    for (int i = 0; i < NAMES.size(); i++) {
      Files.write(folder.resolve(NAMES.get(i)), CONTENTS.get(i));
    }
    ImageData data = ImageSources.open(folder.toString(), null, null);
    assertThat(data.train().classNames()).containsExactly("0", "1");
    assertThat(data.validation().size()).isEqualTo(2);
    Files.delete(folder.resolve(IdxSource.TEST_LABELS));
    assertThatThrownBy(() -> ImageSources.open(folder.toString(), null, null))
        .isInstanceOf(UserException.class)
        .hasMessageContaining(IdxSource.TEST_LABELS);
  }

  private IdxSource source() {
    return new IdxSource(
        "tiny",
        "numbers",
        server.base(),
        List.of("a", "b"),
        new Normalization(new float[] {.5f}, new float[] {.5f}),
        IntStream.range(0, NAMES.size())
            .mapToObj(i -> {
              byte[] packed = IdxBytes.gzip(CONTENTS.get(i));
              return new IdxSource.PublishedIdx(
                  new RemoteFile(NAMES.get(i) + ".gz", packed.length, sha256(packed)),
                  sha256(CONTENTS.get(i)));
            })
            .toList());
  }

  private static String sha256(byte[] content) {
    MessageDigest digest = Sha256.start();
    return HexFormat.of().formatHex(digest.digest(content));
  }

  @Test
  void publishedAddressesEndInASlash() {
    for (IdxSource source : List.of(IdxSource.MNIST, IdxSource.FASHION_MNIST)) {
      URI file = source.base().resolve("x");
      assertThat(file.toString()).isEqualTo(source.base() + "x");
    }
  }
}
