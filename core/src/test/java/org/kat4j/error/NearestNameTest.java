package org.kat4j.error;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

class NearestNameTest {
  @Test
  void theFewestEditsWin() {
    List<String> known = List.of("relu", "swish", "sigmoid");
    assertThat(NearestName.of("swsh", known)).contains("swish");
    assertThat(NearestName.of("RELU", known)).contains("relu");
    assertThat(NearestName.of("sigmoids", known)).contains("sigmoid");
    assertThat(NearestName.of("x", List.of())).isEmpty();
  }

  @Test
  void theMessageNamesNearestAndAll() {
    assertThat(NearestName.unknown("function", "rely", List.of("relu", "swish")))
        .hasMessage("unknown function 'rely': did you mean 'relu'? known are relu, swish");
  }
}
