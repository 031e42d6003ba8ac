package org.kat4j.error;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class OneLineTest {
  @Test
  void controlCharactersBecomeSigns() {
    assertThat(OneLine.of("a\nb\r\nc\rd\u2028e\tf\u001b]0;x\u0007\u007f\u009b"))
        .isEqualTo("a⏎b⏎c⏎d⏎e␉f␛]0;x␇␡\ufffd");
    assertThat(OneLine.of("\u202eabc\ud800\u200d")).isEqualTo("\ufffdabc\ufffd\u200d");
    assertThat(OneLine.of("größe 😀")).isEqualTo("größe 😀");
  }
}
