package org.kat4j.train;

import java.nio.file.Path;
import java.util.SequencedMap;
import java.util.TreeMap;
import java.util.function.Consumer;
import org.kat4j.config.Config;
import org.kat4j.data.ImageData;
import org.kat4j.data.Stripes;
import org.kat4j.model.Model;
import org.kat4j.task.image.ImageClassification;
import org.kat4j.torch.Memory;
import org.kat4j.torch.Safetensors;
import org.kat4j.torch.Scope;
import tools.jackson.databind.node.ObjectNode;

/** A run of a second: a very small KAT learns stripes. */
final class TinyRun {
  private static final String YAML =
      """
      model:
        preset: kat_nano
        imageSize: 28
        patchSize: 7
        width: 16
        depth: 1
        tokenMixer: {heads: 2}
      task: {augmentation: {padCrop: 1}}
      optimizer: {lr: 5e-3}
      schedule: {epochs: 3, warmupEpochs: 0.5}
      batchSize: 8
      threads: 1
      """;

  /** Everything of the large recipes that has a state or is random. */
  static final String[] RECIPE = {
    "model.depth=2",
    "model.dropPath=0.2",
    "schedule.epochs=4",
    "task.augmentation.flip=true",
    "task.augmentation.resizedCrop.enabled=true",
    "task.augmentation.randAugment=rand-m9-mstd0.5-inc1",
    "task.augmentation.erasing.probability=0.5",
    "task.augmentation.repeats=2",
    "task.mixing.mixup=0.8",
    "task.mixing.cutmix=1",
    "task.mixing.mode=pair",
    "task.mixing.offEpoch=3",
    "layerDecay=0.7",
    "clipMode=agc",
    "clipNorm=0.1",
    "dropLast=false",
    "ema.decay=0.9",
    "ema.warmup=true",
    "task.loss.kind=binary-cross-entropy",
    "schedule.decay.kind=plateau",
    "schedule.decay.patience=0",
    "loaderThreads=3"
  };

  private TinyRun() {}

  /** The configuration, fitted to stripes, with assignments such as {@code schedule.epochs=2}. */
  static TrainConfig config(String... assignments) {
    ObjectNode tree = Config.parse(YAML, "test");
    for (String assignment : assignments) {
      Config.set(tree, assignment);
    }
    return fitted(TrainConfig.bind(tree, "test"));
  }

  /** The same for another model. */
  static TrainConfig config(Model.Spec model, String... assignments) {
    ObjectNode tree = Config.parse(YAML, "test");
    tree.set("model", Config.parse(Config.toJson((Record) model), "test"));
    for (String assignment : assignments) {
      Config.set(tree, assignment);
    }
    return fitted(TrainConfig.bind(tree, "test"));
  }

  private static TrainConfig fitted(TrainConfig config) {
    return config.fittedTo(task(config, data()));
  }

  /** What the stripes are for. */
  static ImageClassification task(TrainConfig config, ImageData data) {
    return new ImageClassification((ImageClassification.Spec) config.task(), data, config.seed());
  }

  static Trainer start(TrainConfig config, RunFolder folder) {
    return start(config, folder, data());
  }

  static Trainer start(TrainConfig config, RunFolder folder, ImageData data) {
    return Trainer.start(config, folder, task(config, data));
  }

  static Trainer resume(RunFolder folder) {
    return resume(folder, data());
  }

  static Trainer resume(RunFolder folder, ImageData data) {
    return Trainer.resume(folder, task(folder.readConfig(), data));
  }

  /** Five batches of 8, so that two batches an update leave one over. */
  static ImageData data() {
    return Stripes.data(44, 20);
  }

  static RunFolder train(Path path, String... assignments) {
    RunFolder folder = new RunFolder(path);
    try (Trainer trainer = start(config(assignments), folder)) {
      trainer.run(Monitor.SILENT);
    }
    return folder;
  }

  /** All tensors of a checkpoint: weights, optimizer, random stream. */
  static SequencedMap<String, double[]> tensors(Path file) {
    SequencedMap<String, double[]> all = new TreeMap<>();
    try (Safetensors opened = Safetensors.open(file);
        Scope _ = Scope.open()) {
      opened.names().forEach(name -> all.put(name, Memory.doubles(opened.read(name))));
    }
    return all;
  }

  /** Calls back at the first progress of a process and at every epoch. */
  static Monitor monitor(Runnable progress, Consumer<Monitor.EpochResult> epoch) {
    return new Monitor() {
      @Override
      public void progress(Progress unused) {
        progress.run();
      }

      @Override
      public void epoch(EpochResult result) {
        epoch.accept(result);
      }
    };
  }
}
