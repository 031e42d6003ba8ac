package org.kat4j.torch;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;
import java.util.Set;
import org.bytedeco.pytorch.Tensor;
import org.kat4j.config.Config;
import org.kat4j.error.UserException;

/**
 * One model's tensors in several files, as an index beside them says: {@code
 * model.safetensors.index.json} with {@code weight_map}, the file of each tensor.
 *
 * <p>Index and files have to agree: each file is there, lies in the index's folder, and holds those
 * tensors that the index places in it, no more and no fewer.
 */
final class ShardedTensors implements TensorFile {
  private final Path index;
  private final List<TensorFile> shards = new ArrayList<>();
  private final SequencedMap<String, TensorFile> tensors = new LinkedHashMap<>();

  private ShardedTensors(Path index) {
    this.index = index;
  }

  static boolean isIndex(Path file) {
    return file.getFileName() != null
        && file.getFileName().toString().endsWith(".index.json")
        && Files.isRegularFile(file);
  }

  /** Opens all files of an index and compares them with it. */
  static ShardedTensors open(Path index) {
    ShardedTensors opened = new ShardedTensors(index);
    try {
      opened.openAll();
      return opened;
    } catch (RuntimeException e) {
      opened.close();
      throw e;
    }
  }

  private void openAll() {
    var placed = ShardIndex.of(Config.readJson(index), index.toString()).files();
    checkPresent(placed.keySet());
    placed.forEach((file, names) -> {
      TensorFile shard = openShard(index.resolveSibling(file));
      shards.add(shard);
      compare(file, shard, names);
      names.forEach(name -> tensors.put(name, shard));
    });
  }

  private void checkPresent(Set<String> files) {
    List<String> missing =
        files.stream().filter(file -> !Files.isRegularFile(index.resolveSibling(file))).toList();
    if (!missing.isEmpty()) {
      throw wrong(
          "%d of its %d files missing, %s first: download the whole folder"
              .formatted(missing.size(), files.size(), missing.getFirst()));
    }
  }

  private static TensorFile openShard(Path file) {
    if (TorchFile.looksLikeOne(file)) {
      return TorchFile.open(file);
    }
    ForeignFile.check(file, TorchFile.head(file, ForeignFile.HEAD));
    return Safetensors.open(file);
  }

  private void compare(String file, TensorFile shard, Set<String> placed) {
    Set<String> held = new LinkedHashSet<>(shard.names());
    for (String name : placed) {
      if (!held.contains(name)) {
        throw wrong("it places tensor '%s' in %s, which has none".formatted(name, file));
      }
    }
    held.removeAll(placed);
    if (!held.isEmpty()) {
      throw wrong(
          "%s holds tensor '%s', which the index does not place there"
              .formatted(file, held.iterator().next()));
    }
  }

  private UserException wrong(String what) {
    return ShardIndex.wrong(index.toString(), what);
  }

  private TensorFile shard(String name) {
    TensorFile shard = tensors.get(name);
    if (shard == null) {
      throw wrong("there is no tensor '" + name + "'");
    }
    return shard;
  }

  @Override
  public Path file() {
    return index;
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
    return shard(name).type(name);
  }

  @Override
  public long[] shape(String name) {
    return shard(name).shape(name);
  }

  /** None: each file has its own. */
  @Override
  public Map<String, String> metadata() {
    return Map.of();
  }

  @Override
  public Tensor read(String name) {
    return shard(name).read(name);
  }

  @Override
  public void close() {
    shards.forEach(TensorFile::close);
  }
}
