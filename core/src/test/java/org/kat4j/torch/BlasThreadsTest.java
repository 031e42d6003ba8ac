package org.kat4j.torch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.Test;

class BlasThreadsTest {
  @Test
  void aLargeProductEqualsTheSumOfItsParts() {
    try (Scope _ = Scope.open()) {
      Tensor a = torch.randn(300, 200);
      Tensor b = torch.randn(200, 400);
      Tensor whole = a.matmul(b); // large enough for several threads
      for (int row = 0; row < 300; row += 60) {
        Tensor difference = a.narrow(0, row, 1).matmul(b).sub(whole.narrow(0, row, 1));
        assertThat(difference.abs().max().item_double()).isLessThan(200 * 0x1p-20);
      }
    }
  }

  /** Bodies that wait for each other would hang on fewer threads. */
  @Test
  void everyBodyHasAThreadAlsoInsideOfAParallelOperation() {
    for (int depth = 0; depth < 2; depth++) {
      AtomicInteger done = new AtomicInteger();
      Runnable meeting =
          () -> {
            CountDownLatch all = new CountDownLatch(3);
            Parallel.eachOnItsThread(
                3,
                _ -> {
                  all.countDown();
                  await(all);
                  done.incrementAndGet();
                });
          };
      if (depth == 0) {
        meeting.run();
        assertThat(done).hasValue(3);
      } else {
        Parallel.forRange(2, _ -> meeting.run());
        assertThat(done).hasValue(6);
      }
    }
  }

  @Test
  void smallProductsInsideOfAnOperationGiveTheSameGradients() {
    try (Scope _ = Scope.open()) {
      Tensor x = torch.randn(4, 64, 3, 2, 16).set_requires_grad(true);
      Tensor plain = attention(x);
      plain.sum().backward();
      Tensor expected = x.grad().clone();
      x.mutable_grad().zero_();
      var threads = ConcurrentHashMap.newKeySet();
      Tensor wrapped =
          BlasThreads.one(
              x,
              all -> {
                threads.add(Thread.currentThread());
                return attention(all);
              });
      wrapped.sum().backward();
      assertThat(wrapped.equal(plain)).isTrue();
      assertThat(x.grad().allclose(expected, 1e-5, 1e-6, false)).isTrue();
      assertThat(threads).containsExactly(Thread.currentThread());
    }
  }

  @Test
  void aBackwardPassThatFailsInBetweenGivesTheThreadsBack() {
    int before = BlasThreads.get();
    try (Scope _ = Scope.open()) {
      Tensor x = torch.randn(2, 2).set_requires_grad(true);
      Tensor y =
          BlasThreads.one(
              x,
              input ->
                  CustomGradient.apply(
                          input,
                          input.detach(),
                          List.of(),
                          _ -> {
                            assertThat(BlasThreads.get()).isEqualTo(1);
                            throw new IllegalStateException("in between");
                          })
                      .mul(new Scalar(2)));
      assertThatThrownBy(() -> y.sum().backward()).hasMessageContaining("in between");
    }
    assertThat(BlasThreads.get()).isEqualTo(before);
  }

  private static Tensor attention(Tensor x) {
    var parts = x.permute(2, 0, 3, 1, 4).unbind(0);
    return torch.scaled_dot_product_attention(parts.get(0), parts.get(1), parts.get(2));
  }

  private static void await(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }
}
