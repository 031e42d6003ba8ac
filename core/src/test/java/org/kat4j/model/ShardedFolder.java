package org.kat4j.model;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.bytedeco.pytorch.Tensor;
import org.kat4j.torch.Safetensors;

/** Cuts the weights of a folder into three files with an index, as hubs do with large ones. */
final class ShardedFolder {
  private static final int FILES = 3;

  private ShardedFolder() {}

  static void split(Path folder) throws IOException {
    Path whole = folder.resolve("model.safetensors");
    List<Map<String, Tensor>> shards = new ArrayList<>();
    for (int i = 0; i < FILES; i++) {
      shards.add(new LinkedHashMap<>());
    }
    List<String> places = new ArrayList<>();
    try (Safetensors file = Safetensors.open(whole)) {
      for (String name : file.names()) {
        int shard = places.size() % FILES;
        shards.get(shard).put(name, file.read(name));
        places.add("\"%s\": \"%s\"".formatted(name, name(shard)));
      }
    }
    for (int i = 0; i < FILES; i++) {
      Safetensors.write(folder.resolve(name(i)), shards.get(i), Map.of("format", "pt"));
    }
    Files.writeString(
        folder.resolve("model.safetensors.index.json"),
        "{\"metadata\": {}, \"weight_map\": {" + String.join(", ", places) + "}}");
    Files.delete(whole);
  }

  private static String name(int shard) {
    return "model-%05d-of-%05d.safetensors".formatted(shard + 1, FILES);
  }
}
