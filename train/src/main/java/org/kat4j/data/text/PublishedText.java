package org.kat4j.data.text;

import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.kat4j.data.DataFolders;
import org.kat4j.data.RemoteFile;

/**
 * A published text: where its files are looked for, and where they are fetched from.
 *
 * @param name of the text and of its folder
 * @param alsoCalled another name of its folder
 * @param base official address of the folder with the files, ending in a slash
 * @param files the file of each part
 */
record PublishedText(String name, String alsoCalled, URI base, List<Part> files) {

  /**
   * A file.
   *
   * @param remote as published at the address
   * @param alsoCalled its name in the archive of the set; may be zipped
   */
  record Part(RemoteFile remote, String alsoCalled) {}

  static final PublishedText TINY_SHAKESPEARE =
      new PublishedText(
          "tiny-shakespeare",
          "text-shakespeare",
          URI.create(
              "https://raw.githubusercontent.com/karpathy/char-rnn/master/data/tinyshakespeare/"),
          List.of(
              part(
                  "input.txt",
                  "tinyshakespeare.txt",
                  1_115_394,
                  "86c4e6aa9db7c042ec79f339dcb96d42b0075e16b8fc2e86bf0ca57e2dc565ed")));

  static final PublishedText WIKITEXT_2 =
      new PublishedText(
          "wikitext-2",
          "text-wikitext2",
          URI.create(
              "https://raw.githubusercontent.com/pytorch/examples/main/word_language_model/data/wikitext-2/"),
          List.of(
              part(
                  "train.txt",
                  "wiki.train.tokens",
                  10_797_148,
                  "9e9fa1ad55b1c2c95b08e37dd8e653f638fac2c6de904b79e813611eefbc985f"),
              part(
                  "valid.txt",
                  "wiki.valid.tokens",
                  1_121_681,
                  "f0737ed31fc1329026e95cb8b98e19c2a182c39c240ab909dc31abf2f8af58e8"),
              part(
                  "test.txt",
                  "wiki.test.tokens",
                  1_256_449,
                  "d790b833ef8cf03a90db7bf1271b7520b83c45ce07ba3c1a9699df81e239eca0")));

  private static Part part(String name, String alsoCalled, long bytes, String sha256) {
    return new Part(new RemoteFile(name, bytes, sha256), alsoCalled);
  }

  /** The files from the user's folders; those that are in none of them are fetched. */
  List<Path> paths(DataFolders folders) {
    return files.stream()
        .map(file -> find(folders, file).orElseGet(() -> folders.fetch(name, base, file.remote())))
        .toList();
  }

  private Optional<Path> find(DataFolders folders, Part file) {
    String zipped = file.alsoCalled() + ".zip";
    return Stream.of(name, alsoCalled)
        .flatMap(set -> folders.find(set, file.remote().name(), file.alsoCalled(), zipped).stream())
        .filter(Files::isReadable)
        .findFirst();
  }
}
