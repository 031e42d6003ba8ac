package org.kat4j.lab.p07;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.kat4j.function.kan.Chebyshev;
import org.kat4j.function.kan.Fourier;
import org.kat4j.lab.Arm;
import org.kat4j.lab.Measured;
import org.kat4j.lab.Training;
import org.kat4j.lab.Trial;
import org.kat4j.lab.Workplace;
import org.kat4j.lab.network.Function;
import org.kat4j.lab.network.Networks;
import org.kat4j.torch.Device;
import org.kat4j.train.Decay;

class ThreePhasesTest {
  private static final Workplace CPU = new Workplace(Device.CPU, null);

  /** Of sines of the pool's own frequencies the sines are chosen, and they fit. */
  @Test
  void theBetterMemberIsChosenAndTrainedOn() {
    Function wave = new Function("sin 3 x", 1, -1, 1, x -> Math.sin(9 * x[0]));
    var pool =
        new PoolNetwork.Spec(
            1, 1, List.of(new Chebyshev.Spec(1), new Fourier.Spec(9, true, true)), 3);
    Arm arm = new Arm("pool", "", pool, Networks.parameters(pool), Double.NaN);
    Training training = Training.adam(200, Training.ALL, new Decay.Cosine());
    var experiment = new ThreePhases(training).on(_ -> wave.rows(200, 50)).open(CPU);
    Measured found = experiment.body().run(new Trial(arm, 0.03, 1, true, CPU, Path.of("unused")));
    assertThat(found.steps()).isEqualTo(200);
    assertThat(found.curve()).hasSize(10); // every eighth epoch of the last 80
    assertThat(found.extras()).containsEntry("layer 2: member", 1.0);
    assertThat(found.extras().getOrDefault("layer 2: its weight", 0.0)).isGreaterThan(0.9);
    assertThat(found.extras().getOrDefault("parameters after the choice", Double.NaN))
        .isLessThan((double) Networks.parameters(pool));
    assertThat(found.test()).isLessThan(0.7); // 1 of a guess
  }
}
