package org.kat4j.hub;

import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpHeaders;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import org.kat4j.config.Config;
import org.kat4j.data.Download;
import org.kat4j.data.Patience;
import org.kat4j.data.RemoteFile;
import org.kat4j.error.UserException;
import org.kat4j.torch.AtomicFile;
import org.kat4j.torch.ShardIndex;

/**
 * Fetches published models into a folder of this machine, once.
 *
 * <p>Weights are checked by the SHA-256 that the hub names, small files by their git hash. The
 * protocol is that of huggingface.co: {@code BASE/OWNER/NAME/resolve/REVISION/FILE}.
 */
public final class Hub {
  private static final URI PUBLIC = URI.create("https://huggingface.co/");
  private static final Duration ANSWER_TIMEOUT = Duration.ofSeconds(30);
  private static final String INDEX = ".index.json";
  private static final List<String> WEIGHTS =
      List.of(
          "model.safetensors",
          "model.safetensors" + INDEX,
          "pytorch_model.bin",
          "pytorch_model.bin" + INDEX);
  private static final String CONFIG = "config.json";
  private static final String PREPROCESSING = "preprocessor_config.json";
  private static final int MOST_SMALL_BYTES = 1 << 20;
  private static final long MOST_WEIGHTS_BYTES = 1L << 40;
  private static final int MOST_REDIRECTS = 5;
  private static final int OK = 200;
  private static final int NOT_FOUND = 404;
  private static final int SHA256_DIGITS = 64;
  private static final int SHA1_DIGITS = 40;

  private final URI base;
  private final Path cache;
  private final Patience patience;

  /**
   * @param base address of the hub, with a slash at its end
   * @param cache folder for fetched models
   */
  public Hub(URI base, Path cache) {
    this(base, cache, Patience.STANDARD);
  }

  Hub(URI base, Path cache, Patience patience) {
    this.base = base;
    this.cache = cache;
    this.patience = patience;
  }

  /**
   * The hub of the environment's {@code KAT4J_HUB}, else the public one; models are kept in {@code
   * ~/.cache/kat4j/hub}.
   */
  public static Hub standard() {
    String other = System.getenv("KAT4J_HUB");
    Path cache = Path.of(System.getProperty("user.home"), ".cache", "kat4j", "hub");
    if (other == null || other.isBlank()) {
      return new Hub(PUBLIC, cache);
    }
    try {
      URI base = URI.create(other.endsWith("/") ? other : other + "/");
      HttpRequest.newBuilder(base); // says whether it can be asked
      return new Hub(base, cache);
    } catch (IllegalArgumentException wrong) {
      throw new UserException(
          "KAT4J_HUB = " + other + ": this is no address of a hub; give https://HOST/", wrong);
    }
  }

  /**
   * The folder of a model: the one that is here, else fetched.
   *
   * @throws UserException if it cannot be fetched or is damaged on the way, in one line
   */
  public Path fetch(HubAddress address) {
    Path folder =
        cache.resolve(address.repository().replace("/", "--")).resolve(address.revision());
    if (isWhole(folder)) {
      return folder;
    }
    try (HttpClient client = Download.client(HttpClient.Redirect.NEVER)) {
      byte[] config =
          small(client, address, CONFIG)
              .orElseThrow(
                  () -> new IOException("there is no such model, or it has no config.json"));
      for (String name : WEIGHTS) {
        if (fetched(client, address, folder, name)) {
          Optional<byte[]> images = small(client, address, PREPROCESSING);
          if (images.isPresent()) {
            AtomicFile.write(folder.resolve(PREPROCESSING), images.get());
          }
          AtomicFile.write(folder.resolve(CONFIG), config); // last: with it the folder is whole
          return folder;
        }
      }
      throw new IOException("it has neither " + String.join(" nor ", WEIGHTS));
    } catch (IOException e) {
      throw notFetched(address, folder, e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw notFetched(address, folder, e);
    }
  }

  /** Fetches weights of this name, or all files of an index; false where the hub has none. */
  private boolean fetched(HttpClient client, HubAddress address, Path folder, String name)
      throws IOException, InterruptedException {
    if (!name.endsWith(INDEX)) {
      return fetchedFile(client, address, folder, name);
    }
    Optional<byte[]> index = small(client, address, name);
    if (index.isEmpty()) {
      return false;
    }
    String text = new String(index.get(), StandardCharsets.UTF_8);
    for (String shard : ShardIndex.of(Config.parseJson(text, name), name).files().keySet()) {
      if (!fetchedFile(client, address, folder, shard)) {
        throw new IOException("its " + name + " names " + shard + ", which is not there");
      }
    }
    AtomicFile.write(folder.resolve(name), index.get());
    return true;
  }

  private boolean fetchedFile(HttpClient client, HubAddress address, Path folder, String name)
      throws IOException, InterruptedException {
    Optional<RemoteFile> file = describe(client, at(address, name), name);
    if (file.isPresent()) {
      Download.fetch(at(address, name), file.get(), folder, otherwise(folder), patience);
    }
    return file.isPresent();
  }

  private static boolean isWhole(Path folder) {
    return Files.isRegularFile(folder.resolve(CONFIG))
        && WEIGHTS.stream().anyMatch(name -> Files.isRegularFile(folder.resolve(name)));
  }

  private URI at(HubAddress address, String file) {
    return base.resolve(address.repository() + "/resolve/" + address.revision() + "/" + file);
  }

  private static String otherwise(Path folder) {
    return "put config.json and model.safetensors into " + folder;
  }

  private static UserException notFetched(HubAddress address, Path folder, Exception cause) {
    String reason = cause.getMessage() == null ? "no connection" : cause.getMessage();
    return new UserException(
        "%s cannot be fetched (%s): %s, or give a network connection"
            .formatted(address, reason.lines().findFirst().orElse(""), otherwise(folder)),
        cause);
  }

  /** A small file, checked by its git hash where the hub names it; empty where there is none. */
  private Optional<byte[]> small(HttpClient client, HubAddress address, String name)
      throws IOException, InterruptedException {
    Answer answer = follow(client, at(address, name), "GET");
    try (InputStream body = patience.watch(answer.body())) {
      if (answer.status() == NOT_FOUND) {
        return Optional.empty();
      }
      answer.requireOk();
      byte[] content = body.readNBytes(MOST_SMALL_BYTES + 1);
      if (content.length > MOST_SMALL_BYTES) {
        throw new IOException("its " + name + " is larger than 1 MiB");
      }
      if (answer.etag().length() == SHA1_DIGITS && !answer.etag().equals(gitHash(content))) {
        throw new IOException("its " + name + " was damaged on the way");
      }
      return Optional.of(content);
    }
  }

  /** Git's name of a file: SHA-1 of "blob LENGTH\0" and the content. */
  private static String gitHash(byte[] content) {
    try {
      MessageDigest digest = MessageDigest.getInstance("SHA-1");
      digest.update(("blob " + content.length + "\0").getBytes(StandardCharsets.US_ASCII));
      return HexFormat.of().formatHex(digest.digest(content));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java platform has SHA-1", e);
    }
  }

  /** Size and checksum of a file before it is fetched; empty where the hub does not have it. */
  private static Optional<RemoteFile> describe(HttpClient client, URI address, String name)
      throws IOException, InterruptedException {
    Answer answer = follow(client, address, "HEAD");
    answer.body().close();
    if (answer.status() == NOT_FOUND) {
      return Optional.empty();
    }
    answer.requireOk();
    if (answer.etag().length() != SHA256_DIGITS) {
      throw new IOException("the hub names no SHA-256 of " + name);
    }
    if (answer.bytes() < 1 || answer.bytes() > MOST_WEIGHTS_BYTES) {
      throw new IOException("the hub does not say how large " + name + " is");
    }
    return Optional.of(new RemoteFile(name, answer.bytes(), answer.etag()));
  }

  /**
   * The end of a chain of redirects.
   *
   * @param etag checksum of the file as the hub knows it, not the store behind it
   * @param bytes size of the file, -1 where it is not said
   */
  private record Answer(int status, String etag, long bytes, InputStream body) {
    void requireOk() throws IOException {
      if (status != OK) {
        throw new IOException("the hub answered " + status);
      }
    }
  }

  /** Follows redirects by hand: what the hub says of a large file stands in the first answer. */
  private static Answer follow(HttpClient client, URI start, String method)
      throws IOException, InterruptedException {
    URI address = start;
    String etag = "";
    long bytes = -1;
    for (int redirects = 0; redirects <= MOST_REDIRECTS; redirects++) {
      HttpRequest request = request(address, method);
      HttpResponse<InputStream> answer =
          client.send(request, HttpResponse.BodyHandlers.ofInputStream());
      HttpHeaders headers = answer.headers();
      etag = etag.isEmpty() ? plain(headers.firstValue("X-Linked-Etag").orElse("")) : etag;
      bytes = bytes < 0 ? bytes(headers, "X-Linked-Size") : bytes;
      Optional<String> next = headers.firstValue("Location");
      if (answer.statusCode() / 100 != 3 || next.isEmpty()) {
        return new Answer(
            answer.statusCode(),
            etag.isEmpty() ? plain(headers.firstValue("ETag").orElse("")) : etag,
            bytes < 0 ? bytes(headers, "Content-Length") : bytes,
            answer.body());
      }
      answer.body().close();
      address = redirected(address, next.get());
    }
    throw new IOException("the hub redirects in circles");
  }

  private static HttpRequest request(URI address, String method) throws IOException {
    try {
      return HttpRequest.newBuilder(address)
          .timeout(ANSWER_TIMEOUT)
          .method(method, HttpRequest.BodyPublishers.noBody())
          .build();
    } catch (IllegalArgumentException wrong) { // file:, no host
      throw new IOException("the hub redirects to no address of a server", wrong);
    }
  }

  /** A size that a header names, -1 where it names none. */
  private static long bytes(HttpHeaders headers, String name) {
    String text = headers.firstValue(name).orElse("");
    return text.matches("[0-9]{1,18}") ? Long.parseLong(text) : -1;
  }

  private static URI redirected(URI from, String location) throws IOException {
    try {
      URI to = from.resolve(location);
      if (from.getScheme().equals("https") && !"https".equals(to.getScheme())) {
        throw new IOException("the hub redirects to an address without encryption");
      }
      return to;
    } catch (IllegalArgumentException wrong) {
      throw new IOException("the hub redirects to no address", wrong);
    }
  }

  /** A tag without quotes and the mark of weak ones. */
  private static String plain(String etag) {
    return etag.replaceFirst("^W/", "").replace("\"", "");
  }
}
