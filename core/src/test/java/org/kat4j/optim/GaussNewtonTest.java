package org.kat4j.optim;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.List;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.Test;
import org.kat4j.torch.Memory;
import org.kat4j.torch.Scope;

class GaussNewtonTest {
  /** y = p exp(q t), fitted to 2 exp(-3 t). */
  private record Decay(Tensor t, Tensor both) implements GaussNewton.Problem {
    private Tensor curve() {
      return t.mul(both.select(0, 1)).exp();
    }

    @Override
    public List<Tensor> parameters() {
      return List.of(both);
    }

    @Override
    public Tensor residuals() {
      Tensor target = t.mul(Tensor.create(-3.0)).exp().mul(Tensor.create(2.0));
      return curve().mul(both.select(0, 0)).sub(target);
    }

    @Override
    public Tensor jacobian() {
      Tensor byFactor = curve();
      Tensor byRate = curve().mul(t).mul(both.select(0, 0));
      return torch.stack(new TensorVector(byFactor, byRate), 1);
    }
  }

  @Test
  void findsAnExactFitToTheLastDigits() {
    try (Scope _ = Scope.open()) {
      var decay = new Decay(Tensor.create(0, 0.2, 0.4, 0.6, 0.8, 1), Tensor.create(1.0, 0.0));
      var search = new GaussNewton(decay);
      double before = search.cost();
      double gone = search.step();
      assertThat(search.cost()).isCloseTo(before * (1 - gone), within(1e-12 * before));
      for (int i = 0; i < 40; i++) {
        search.step();
      }
      assertThat(Memory.doubles(decay.both)).containsExactly(new double[] {2, -3}, within(1e-13));
    }
  }

  @Test
  void staysAtTheBottom() {
    try (Scope _ = Scope.open()) {
      var decay = new Decay(Tensor.create(0, 0.5, 1.0), Tensor.create(2.0, -3.0));
      assertThat(new GaussNewton(decay).step()).isZero();
      assertThat(Memory.doubles(decay.both)).containsExactly(2, -3);
    }
  }
}
