package org.kat4j.sentences;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class JavadocTest {
  @Test
  void firstParagraphAndParametersBecomeOneLineEach() {
    String comment =
        """
         A window of {@code n} values, see {@link Window#of the way}.

         <p>More that nobody asked for.

         @param size how many,
             at most {@link Window#LARGEST}
         @param step of a &lt;b&gt; window
         @throws IllegalArgumentException never
        """;
    assertThat(Javadoc.lines(comment))
        .isEqualTo(
            "\tA window of n values, see the way.\nsize\thow many, at most LARGEST\nstep\tof a <b> window\n");
  }

  @Test
  void aRecordWithoutAnIntroductionHasItsParametersOnly() {
    assertThat(Javadoc.lines(" @param lr a {@link org.kat4j.optim.Rate}\n"))
        .isEqualTo("lr\ta Rate\n");
  }
}
