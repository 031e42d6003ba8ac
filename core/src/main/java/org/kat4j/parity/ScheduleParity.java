package org.kat4j.parity;

import java.util.Map;
import org.kat4j.optim.CosineSchedule;
import org.kat4j.torch.Memory;
import tools.jackson.databind.JsonNode;

/** Learning rates of timm's cosine schedule. */
public final class ScheduleParity implements ParityAdapter {
  @Override
  public boolean covers(Golden golden) {
    return golden.text("cls").endsWith("CosineLRScheduler");
  }

  @Override
  public void run(Golden golden, Comparison comparison) {
    double lr = golden.config().path("base_lr").asDouble();
    for (Map.Entry<String, JsonNode> variant : golden.config().path("variants").properties()) {
      JsonNode given = variant.getValue();
      var schedule =
          new CosineSchedule(
              lr,
              given.path("t_initial").asDouble(),
              given.path("lr_min").asDouble(0),
              given.path("warmup_t").asDouble(0),
              given.path("warmup_lr_init").asDouble(0),
              given.path("warmup_prefix").asBoolean(false));
      golden
          .under("output.lr_" + variant.getKey())
          .forEach((rest, recorded) -> {
            double[] expected = Memory.doubles(recorded);
            for (int t = 0; t < expected.length; t++) {
              comparison.compare(
                  variant.getKey() + rest + "[" + t + "]", schedule.at(t), expected[t], 1e-12);
            }
          });
    }
  }
}
