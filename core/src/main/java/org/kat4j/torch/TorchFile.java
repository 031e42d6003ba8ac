package org.kat4j.torch;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Collections;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;
import java.util.zip.ZipException;
import org.bytedeco.pytorch.Tensor;
import org.kat4j.error.NearestName;
import org.kat4j.error.UserException;
import org.kat4j.torch.Pickled.StoredTensor;

/**
 * An open file of {@code torch.save}: {@code .pth}, {@code .pth.tar}, {@code .pt}, {@code .bin}.
 *
 * <p>No code of the file is run: its pickle is read as data by a closed list of instructions (see
 * {@link PickleMachine}). All tensors together take at most twice the file's size, what describes
 * them at most as much again (or 4 MiB, where the file is small).
 *
 * <p>A training checkpoint holds several dictionaries, of which one is taken: see {@link
 * Dictionaries}.
 */
public final class TorchFile implements TensorFile {
  private static final byte[] ZIP = {'P', 'K', 3, 4};
  private static final byte[] LEGACY = HexFormat.of().parseHex("80028a0a6cfc9c46f9206aa850192e");
  private static final byte[] TAR = "ustar".getBytes(StandardCharsets.US_ASCII);
  private static final int TAR_AT = 257;

  private final Path file;
  private final TorchArchive archive;
  private final String dictionary;
  private final SequencedMap<String, StoredTensor> tensors;
  private final Map<String, String> metadata;

  private TorchFile(Path file, TorchArchive archive, String wanted, long fileBytes)
      throws MalformedFileException {
    this.file = file;
    this.archive = archive;
    if (archive.root() instanceof Pickled.Opaque object) {
      throw new UserException(
          "%s holds a whole object of Python (%s), which only its own code can read: save the model's state_dict() instead"
              .formatted(file, SafetensorsHeader.printable(object.name())));
    }
    if (!(archive.root() instanceof Map<?, ?> root)) {
      throw new MalformedFileException("it holds no dictionary of tensors");
    }
    var dictionaries = new Dictionaries(root);
    if (!wanted.isEmpty() && !dictionaries.paths().contains(wanted)) {
      throw new UserException(
          file
              + ": "
              + NearestName.unknown("dictionary", wanted, dictionaries.paths()).getMessage());
    }
    dictionary = wanted.isEmpty() ? dictionaries.usual() : wanted;
    tensors = tensors(dictionaries.at(dictionary));
    metadata = scalars(root);
    if (tensors.isEmpty()) {
      throw new MalformedFileException(
          "there are no tensors in it; its entries are "
              + SafetensorsHeader.printable(String.join(", ", texts(root)))
              + modules(root));
    }
    checkSizes(fileBytes);
  }

  static boolean looksLikeOne(Path file) {
    byte[] head = head(file, TAR_AT + TAR.length);
    return startsWith(head, 0, ZIP) || startsWith(head, 0, LEGACY) || startsWith(head, TAR_AT, TAR);
  }

  /** The first bytes of a file; none where it cannot be read: whoever opens it next says why. */
  static byte[] head(Path file, int count) {
    if (!Files.isRegularFile(file)) {
      return new byte[0];
    }
    try (InputStream in = Files.newInputStream(file)) {
      return in.readNBytes(count);
    } catch (IOException unreadable) {
      return new byte[0];
    }
  }

  private static boolean startsWith(byte[] bytes, int at, byte[] start) {
    return bytes.length >= at + start.length
        && Arrays.equals(bytes, at, at + start.length, start, 0, start.length);
  }

  /** Opens a file and takes the usual dictionary of it. */
  public static TorchFile open(Path file) {
    return open(file, "");
  }

  /**
   * Opens a file and checks all that it describes.
   *
   * @param dictionary which of a checkpoint's dictionaries is meant; "" for the usual one
   * @throws UserException when there is no such file or dictionary, or it is not valid
   */
  public static TorchFile open(Path file, String dictionary) {
    try {
      if (startsWith(head(file, TAR_AT + TAR.length), TAR_AT, TAR)) {
        throw new MalformedFileException(
            "it is of the tar format of PyTorch's first years; load and save it with a later one");
      }
      boolean zip = startsWith(head(file, ZIP.length), 0, ZIP);
      TorchArchive archive = zip ? new TorchZip(file) : new TorchLegacy(file);
      try {
        return new TorchFile(file, archive, dictionary, file.toFile().length());
      } catch (IOException | RuntimeException e) {
        archive.close();
        throw e;
      }
    } catch (IOException e) {
      throw refused(file, e);
    }
  }

  private static UserException refused(Path file, IOException e) {
    boolean malformed =
        e instanceof MalformedFileException
            || e instanceof ZipException
            || e instanceof EOFException;
    String what = SafetensorsHeader.printable(AtomicFile.reason(e));
    String name = SafetensorsHeader.printable(file.toString());
    return new UserException(
        malformed
            ? name + " is not a valid PyTorch file: " + what
            : "cannot read " + name + ": " + what,
        e);
  }

  /** What is said of objects of classes where there should have been dictionaries. */
  private static String modules(Map<?, ?> root) {
    return root.entrySet().stream()
        .filter(
            entry -> entry.getValue() instanceof Pickled.Opaque && entry.getKey() instanceof String)
        .findFirst()
        .map(entry ->
            "; '%s' is a whole object of Python, which only its own code can read: save the model's state_dict() instead"
                .formatted(SafetensorsHeader.printable(entry.getKey().toString())))
        .orElse("");
  }

  private static List<String> texts(Map<?, ?> root) {
    return root.keySet().stream()
        .filter(String.class::isInstance)
        .map(String.class::cast)
        .limit(20)
        .toList();
  }

  private static SequencedMap<String, StoredTensor> tensors(Map<?, ?> dictionary) {
    SequencedMap<String, StoredTensor> tensors = new LinkedHashMap<>();
    dictionary.forEach((key, value) -> {
      if (key instanceof String name && value instanceof StoredTensor tensor) {
        tensors.put(name, tensor);
      }
    });
    return tensors;
  }

  private static Map<String, String> scalars(Map<?, ?> root) {
    Map<String, String> scalars = new LinkedHashMap<>();
    root.forEach((key, value) -> {
      boolean scalar =
          value instanceof String || value instanceof Number || value instanceof Boolean;
      if (key instanceof String name && scalar) {
        scalars.put(name, value.toString());
      }
    });
    return Collections.unmodifiableMap(scalars);
  }

  /** Every tensor lies inside its storage, and all together are not much more than the file. */
  private void checkSizes(long fileBytes) throws MalformedFileException {
    long left = 2 * fileBytes;
    for (Map.Entry<String, StoredTensor> entry : tensors.entrySet()) {
      StoredTensor tensor = entry.getValue();
      String name = "tensor '" + SafetensorsHeader.printable(entry.getKey()) + "'";
      ElementType type = tensor.elements().type();
      if (type == null) {
        throw new MalformedFileException(
            name + " has elements of type " + tensor.elements().name() + ", which is not read");
      }
      long stored = archive.bytes(tensor.storage().key());
      if (stored < 0) {
        throw new MalformedFileException(name + " has its numbers in a storage that is not there");
      }
      if (tensor.count() > 0 && (tensor.offset() + tensor.span()) * type.bytes() > stored) {
        throw new MalformedFileException(
            "%s of %s %s reaches beyond its storage of %d bytes"
                .formatted(name, type, Arrays.toString(tensor.shape()), stored));
      }
      left -= tensor.count() * type.bytes();
      if (left < 0) {
        throw new MalformedFileException("its tensors together are far larger than the file");
      }
    }
  }

  /** The dictionary that was taken, "" where the file itself is one. */
  public String dictionary() {
    return dictionary;
  }

  @Override
  public Path file() {
    return file;
  }

  @Override
  public List<String> names() {
    return List.copyOf(tensors.keySet());
  }

  @Override
  public boolean contains(String name) {
    return tensors.containsKey(name);
  }

  @Override
  public ElementType type(String name) {
    ElementType type = tensor(name).elements().type();
    if (type == null) {
      throw new IllegalStateException(name + " was not checked");
    }
    return type;
  }

  @Override
  public long[] shape(String name) {
    return tensor(name).shape().clone();
  }

  /** The texts and numbers that lie beside the dictionaries: {@code arch}, {@code epoch}, … */
  @Override
  public Map<String, String> metadata() {
    return metadata;
  }

  private StoredTensor tensor(String name) {
    StoredTensor tensor = tensors.get(name);
    if (tensor == null) {
      throw new UserException(
          "%s has no tensor '%s' (it has %d, e.g. %s)"
              .formatted(
                  file,
                  SafetensorsHeader.printable(name),
                  tensors.size(),
                  SafetensorsHeader.printable(tensors.firstEntry().getKey())));
    }
    return tensor;
  }

  @Override
  public Tensor read(String name) {
    StoredTensor stored = tensor(name);
    ElementType type = type(name);
    Tensor result = TensorBytes.allocate(type, stored.shape());
    try (Scope _ = Scope.open();
        var _ = Scope.noGradients()) {
      Tensor window = stored.isContiguous() ? result : TensorBytes.allocate(type, stored.span());
      if (stored.count() > 0) {
        archive.read(
            stored.storage().key(), stored.offset() * type.bytes(), TensorBytes.of(window));
      }
      if (type == ElementType.BOOL && !TensorBytes.areBooleans(TensorBytes.of(window))) {
        throw new MalformedFileException(
            "tensor '%s' holds a bool other than 0 and 1"
                .formatted(SafetensorsHeader.printable(name)));
      }
      if (window != result) {
        result.copy_(window.as_strided(stored.shape(), stored.stride()));
      }
      return result;
    } catch (IOException e) {
      result.close();
      throw refused(file, e);
    }
  }

  @Override
  public void close() {
    try {
      archive.close();
    } catch (IOException e) {
      throw refused(file, e);
    }
  }
}
