package org.kat4j.lab.network;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.kat4j.function.Activation;
import org.kat4j.lab.Arm;
import org.kat4j.lab.Measured;
import org.kat4j.lab.Trial;
import org.kat4j.lab.Workplace;
import org.kat4j.torch.Device;

class SuccessionTest {
  private static final Workplace CPU = new Workplace(Device.CPU, null);

  /** Four classes, each around a corner of a square. */
  private static Rows corners() {
    return new Rows("corners", 2, 4, true, part(1, 400), part(2, 80), part(3, 80));
  }

  private static Rows.Part part(long seed, int rows) {
    var random = org.kat4j.data.RandomStream.of(seed);
    float[] x = new float[2 * rows];
    float[] y = new float[rows];
    for (int i = 0; i < rows; i++) {
      int corner = i % 4;
      x[2 * i] = (float) ((corner & 1) + 0.1 * random.nextGaussian());
      x[2 * i + 1] = (float) ((corner >> 1) + 0.1 * random.nextGaussian());
      y[i] = corner;
    }
    return new Rows.Part(x, y);
  }

  @Test
  void rowsOfClassesKeepTheirLabels() {
    Rows some = corners().ofClasses(1, 3, 4);
    assertThat(some.size(some.train())).isEqualTo(200);
    assertThat(some.test().y()).containsOnly(1, 2);
    assertThat(some.outputs()).isEqualTo(4);
    assertThat(some.checksum()).isNotEqualTo(corners().checksum());
  }

  /** Nothing of the second task asks for the first one's classes: they are forgotten. */
  @Test
  void whatIsNotAskedForAnyMoreIsForgotten() {
    Rows all = corners();
    Arm arm = Networks.arm("MLP", Networks.perceptron(2, 16, 4, Activation.GELU));
    var experiment =
        new Succession(30, 20)
            .on(_ -> List.of(all.ofClasses(0, 2, 4), all.ofClasses(2, 4, 4)))
            .open(CPU);
    Measured found = experiment.body().run(new Trial(arm, 0.03, 1, true, CPU, Path.of("unused")));
    Map<String, Double> extras = found.extras();
    assertThat(extras).containsEntry("task 1 after task 1", 100.0);
    assertThat(extras).containsEntry("task 2 after task 2", 100.0);
    double left = extras.getOrDefault("task 1 after task 2", Double.NaN);
    assertThat(left).isLessThan(60);
    assertThat(found.test()).isCloseTo((left + 100) / 2, within(1e-12));
    assertThat(extras.getOrDefault("backward transfer", Double.NaN))
        .isCloseTo((left - 100) / 2, within(1e-12));
    assertThat(found.steps()).isEqualTo(2 * 30 * 10);
    assertThat(found.curve().getLast().validation()).isEqualTo(found.validation());

    Measured tuning = experiment.body().run(new Trial(arm, 0.03, 1, false, CPU, Path.of("unused")));
    assertThat(tuning.test()).isNaN();
    assertThat(tuning.extras()).isEmpty();
    assertThat(tuning.validation()).isEqualTo(found.validation());
  }
}
