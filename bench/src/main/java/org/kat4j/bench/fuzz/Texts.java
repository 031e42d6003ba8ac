package org.kat4j.bench.fuzz;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.util.List;
import org.kat4j.config.Config;
import org.kat4j.explain.symbolic.Expression;
import org.kat4j.explain.symbolic.FormulaParser;
import org.kat4j.hub.HubAddress;
import org.kat4j.train.MetricsLog;
import org.kat4j.train.TrainConfig;
import tools.jackson.databind.node.ObjectNode;

/** What people and programs write as text: configurations, options, formulas, logs, addresses. */
final class Texts {
  private static final String CONFIG =
      """
      model: {preset: kat_nano, depth: 2, tokenMixer: {kind: attention, heads: 2}}
      task: {data: {name: strokes, holdOut: 0.1}}
      optimizer: {kind: adamw, lr: 1e-3}
      schedule: {epochs: 3, warmupEpochs: 0.5, decay: {kind: cosine}}
      batchSize: 64
      """;

  private Texts() {}

  static List<Kind> kinds() {
    return List.of(
        new Kind(
            "config",
            List.of(bytes(CONFIG), bytes("batchSize: 8\n")),
            (content, scratch) -> {
              ObjectNode tree = Config.readTree(Files.write(scratch.resolve("c.yaml"), content));
              var _ = Config.bind(tree, TrainConfig.example(), "c.yaml");
            }),
        new Kind(
            "set",
            List.of(
                bytes("optimizer.lr=1e-3"), bytes("model.tokenMixer={kind: attention, heads: 2}")),
            (content, _) -> {
              ObjectNode tree = Config.parse(CONFIG, "c.yaml");
              Config.set(tree, text(content));
              var _ = Config.bind(tree, TrainConfig.example(), "c.yaml");
            }),
        new Kind(
            "formula",
            List.of(
                bytes("sin(3*x)+y^2/2+log(x+1.5)"),
                bytes("exp(-x**2)*tanh((x-y)/(1+pi*e))"),
                bytes("sqrt(abs(x))-((((y))))")),
            (content, _) -> {
              Expression formula = FormulaParser.parse(text(content), List.of("x", "y"));
              var _ = formula.at(new double[] {0.3, -0.7});
            }),
        new Kind(
            "metrics",
            List.of(
                bytes(
                    """
                    {"epoch":1,"updates":3,"lr":0.001,"trainLoss":2.3,"loss":2.2,"top1":0.1,"top5":0.5,"imagesPerSecond":10.0,"seconds":1.5}
                    {"epoch":2,"updates":6,"lr":0.001,"trainLoss":2.1,"loss":2.0,"top1":0.2,"top5":0.6,"imagesPerSecond":10.0,"seconds":3.0}
                    """)),
            (content, scratch) -> {
              var _ = MetricsLog.read(Files.write(scratch.resolve("metrics.jsonl"), content));
            }),
        new Kind(
            "hub-address",
            List.of(bytes("hub:timm/vit_tiny_patch16_224@main"), bytes("hub:a/b")),
            (content, _) -> {
              if (HubAddress.isOne(text(content))) {
                var _ = HubAddress.parse(text(content));
              }
            }));
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  private static String text(byte[] content) {
    return new String(content, StandardCharsets.UTF_8);
  }
}
