package org.kat4j.bench.fuzz;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Enumeration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;
import java.util.zip.CRC32;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;
import java.util.zip.ZipOutputStream;
import org.kat4j.config.Config;
import org.kat4j.model.ImageModel;
import org.kat4j.model.Model;
import org.kat4j.model.Weights;
import org.kat4j.parity.Parity;
import org.kat4j.torch.Context;
import org.kat4j.torch.Safetensors;
import org.kat4j.torch.Scope;
import org.kat4j.torch.StateDict;
import org.kat4j.torch.TensorFile;

/** Weights: the formats, and what a file says of its model. */
final class WeightsFiles {
  private static final String PICKLE = "archive/data.pkl";
  private static final List<String> MODELS =
      List.of(
          "{preset: kat_nano, imageSize: 8, patchSize: 4, width: 8, depth: 1, tokenMixer: {heads: 2}}",
          "{preset: kat_nano, imageSize: 8, patchSize: 4, width: 8, depth: 1, tokenMixer: {heads: 1}, channelMixer: {kind: kan, function: {kind: wavelet}}}",
          "{kind: convnet, imageSize: 8, width: 4, stages: 1}");

  private WeightsFiles() {}

  static List<Kind> kinds() {
    SequencedMap<String, byte[]> archive = unzipped(Kinds.resource("checkpoint.pth.tar"));
    byte[] pickle = archive.get(PICKLE);
    if (pickle == null) {
      throw new IllegalStateException("no " + PICKLE + " in the resource");
    }
    return List.of(
        new Kind(
            "safetensors",
            List.of(Kinds.resource("golden.safetensors"), models().getFirst()),
            WeightsFiles::tensors),
        new Kind(
            "torch-zip",
            List.of(Kinds.resource("state.pth"), Kinds.resource("checkpoint.pth.tar")),
            WeightsFiles::tensors),
        new Kind("torch-legacy", List.of(Kinds.resource("legacy.pth")), WeightsFiles::tensors),
        new Kind(
            "torch-pickle",
            List.of(pickle),
            (content, scratch) -> {
              SequencedMap<String, byte[]> changed = new LinkedHashMap<>(archive);
              changed.put(PICKLE, content);
              tensors(zipped(changed), scratch);
            }),
        new Kind("weights", models(), WeightsFiles::model),
        new Kind("model", descriptions(), WeightsFiles::described),
        new Kind("hub-config", List.of(hubConfig()), WeightsFiles::hub),
        new Kind(
            "golden",
            List.of(Kinds.resource("golden.safetensors")),
            (content, scratch) -> {
              var _ = Parity.check(written(content, scratch, "00-cheby-kan-layer.safetensors"));
            }));
  }

  private static Path written(byte[] content, Path scratch, String name) throws IOException {
    return Files.write(scratch.resolve(name), content);
  }

  private static void tensors(byte[] content, Path scratch) throws IOException {
    try (Scope _ = Scope.open();
        TensorFile file = TensorFile.open(written(content, scratch, "weights"))) {
      for (String name : file.names()) {
        var _ = file.read(name);
      }
    }
  }

  private static void model(byte[] content, Path scratch) throws IOException {
    try (Scope _ = Scope.open()) {
      var _ = Weights.load(written(content, scratch, "model.safetensors"), Context.cpu(1));
    }
  }

  /** Sound tensors below a description that is not. */
  private static void described(byte[] json, Path scratch) throws IOException {
    Path file = scratch.resolve("model.safetensors");
    try (Scope _ = Scope.open()) {
      Model model = build(MODELS.getFirst());
      Safetensors.write(
          file,
          StateDict.of(model),
          Map.of(Weights.MODEL, new String(json, StandardCharsets.UTF_8)));
      var _ = Weights.load(file, Context.cpu(1));
    }
  }

  private static void hub(byte[] config, Path scratch) throws IOException {
    try (Scope _ = Scope.open()) {
      Path weights = scratch.resolve("model.safetensors");
      if (!Files.exists(weights)) {
        Safetensors.write(weights, StateDict.of(build(MODELS.getFirst())), Map.of());
      }
      Files.write(scratch.resolve("config.json"), config);
      var _ = Weights.load(scratch, Context.cpu(1));
    }
  }

  private static byte[] hubConfig() {
    return """
    {"architecture": "vit_tiny_patch16_224", "num_classes": 2, "global_pool": "token",
     "model_args": {"img_size": 8, "patch_size": 4, "embed_dim": 8, "depth": 1, "num_heads": 2},
     "pretrained_cfg": {"input_size": [3, 8, 8], "mean": [0.5, 0.5, 0.5], "std": [0.5, 0.5, 0.5],
      "crop_pct": 0.9, "interpolation": "bicubic", "label_names": ["a", "b"]}}
    """
        .getBytes(StandardCharsets.UTF_8);
  }

  private static Model build(String yaml) {
    Model.Spec spec =
        Config.fromJson(Config.parse(yaml, "model").toString(), Model.Spec.class, "model");
    return ImageModel.Spec.of(spec).withInput(8, 3, 2).build(Context.cpu(1));
  }

  private static List<byte[]> models() {
    List<byte[]> files = new ArrayList<>();
    try (Scope _ = Scope.open()) {
      for (String yaml : MODELS) {
        Path file = Files.createTempFile("fuzz", ".safetensors");
        Weights.save(file, build(yaml), Map.of());
        files.add(Files.readAllBytes(file));
        Files.delete(file);
      }
    } catch (IOException cannot) {
      throw new UncheckedIOException(cannot);
    }
    return files;
  }

  private static List<byte[]> descriptions() {
    try (Scope _ = Scope.open()) {
      return MODELS.stream()
          .map(yaml -> Config.toJson((Record) build(yaml).spec()).getBytes(StandardCharsets.UTF_8))
          .toList();
    }
  }

  private static SequencedMap<String, byte[]> unzipped(byte[] content) {
    SequencedMap<String, byte[]> entries = new LinkedHashMap<>();
    try {
      Path file = Files.createTempFile("fuzz", ".zip");
      Files.write(file, content);
      try (ZipFile zip = new ZipFile(file.toFile())) {
        for (Enumeration<? extends ZipEntry> all = zip.entries(); all.hasMoreElements(); ) {
          ZipEntry entry = all.nextElement();
          entries.put(entry.getName(), zip.getInputStream(entry).readAllBytes());
        }
      }
      Files.delete(file);
    } catch (IOException cannot) {
      throw new UncheckedIOException(cannot);
    }
    return entries;
  }

  /** An archive of stored entries, as PyTorch writes it. */
  private static byte[] zipped(SequencedMap<String, byte[]> entries) throws IOException {
    var out = new ByteArrayOutputStream();
    try (var zip = new ZipOutputStream(out)) {
      zip.setMethod(ZipOutputStream.STORED);
      for (Map.Entry<String, byte[]> content : entries.entrySet()) {
        var sum = new CRC32();
        sum.update(content.getValue());
        ZipEntry entry = new ZipEntry(content.getKey());
        entry.setSize(content.getValue().length);
        entry.setCrc(sum.getValue());
        zip.putNextEntry(entry);
        zip.write(content.getValue());
      }
    }
    return out.toByteArray();
  }
}
