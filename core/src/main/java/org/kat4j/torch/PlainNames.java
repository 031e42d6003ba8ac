package org.kat4j.torch;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;
import java.util.regex.Pattern;
import org.bytedeco.pytorch.Tensor;
import org.kat4j.error.UserException;

/**
 * A file's tensors without the prefixes that wrappers put before their names.
 *
 * <p>Dropped are {@code module.} of parallel training and {@code _orig_mod.} of compiled models
 * from every name, then what stands before all names ({@code model.}, {@code net.}), then what
 * stands before the patch embedding of a backbone, from those names that have it. Names with a
 * slash are of what lies beside the weights and stay.
 */
final class PlainNames implements TensorFile {
  private static final Pattern WRAPPERS = Pattern.compile("^(module\\.|_orig_mod\\.)+");
  private static final String ANCHOR = "patch_embed.proj.weight";

  private final TensorFile file;
  private final SequencedMap<String, String> names; // plain to those of the file

  private PlainNames(TensorFile file, SequencedMap<String, String> names) {
    this.file = file;
    this.names = names;
  }

  /** The file itself where its names are plain: all of its own and those of kat4j's files. */
  static TensorFile of(TensorFile file) {
    if (file.metadata().containsKey(TensorFile.MODEL)) {
      return file;
    }
    List<String> given = file.names();
    List<String> plain = plain(given);
    if (plain.equals(given)) {
      return file;
    }
    SequencedMap<String, String> names = new LinkedHashMap<>();
    for (int i = 0; i < given.size(); i++) {
      if (names.put(plain.get(i), given.get(i)) != null) {
        throw new UserException(
            "%s: without the prefixes of their names, two tensors are called %s"
                .formatted(file.file(), SafetensorsHeader.printable(plain.get(i))));
      }
    }
    return new PlainNames(file, names);
  }

  private static List<String> plain(List<String> given) {
    List<String> names = new ArrayList<>();
    for (String name : given) {
      names.add(isBeside(name) ? name : WRAPPERS.matcher(name).replaceFirst(""));
    }
    String common = common(names);
    names.replaceAll(name -> without(common, name));
    List<String> anchors = names.stream().filter(name -> name.endsWith("." + ANCHOR)).toList();
    if (anchors.size() == 1 && !names.contains(ANCHOR)) {
      String prefix =
          anchors.getFirst().substring(0, anchors.getFirst().length() - ANCHOR.length());
      names.replaceAll(name -> without(prefix, name));
    }
    return names;
  }

  /** The dotted words that all names of weights start with. */
  private static String common(List<String> names) {
    List<String> weights = names.stream().filter(name -> !isBeside(name)).toList();
    String common = "";
    while (weights.size() > 1) {
      int dot = weights.getFirst().indexOf('.', common.length());
      String longer = weights.getFirst().substring(0, dot + 1);
      if (dot < 0 || !weights.stream().allMatch(name -> name.startsWith(longer))) {
        break;
      }
      common = longer;
    }
    return common;
  }

  private static boolean isBeside(String name) {
    return name.contains("/");
  }

  private static String without(String prefix, String name) {
    return name.startsWith(prefix) ? name.substring(prefix.length()) : name;
  }

  private String given(String name) {
    return names.getOrDefault(name, name);
  }

  @Override
  public Path file() {
    return file.file();
  }

  @Override
  public List<String> names() {
    return List.copyOf(names.keySet());
  }

  @Override
  public boolean contains(String name) {
    return names.containsKey(name);
  }

  @Override
  public ElementType type(String name) {
    return file.type(given(name));
  }

  @Override
  public long[] shape(String name) {
    return file.shape(given(name));
  }

  @Override
  public Map<String, String> metadata() {
    return file.metadata();
  }

  @Override
  public Tensor read(String name) {
    return file.read(given(name));
  }

  @Override
  public void close() {
    file.close();
  }
}
