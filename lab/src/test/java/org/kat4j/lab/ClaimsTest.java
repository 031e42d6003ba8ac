package org.kat4j.lab;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What holds for every claim, without running it. */
class ClaimsTest {
  static List<Claim> claims() {
    return Claims.all();
  }

  @ParameterizedTest
  @MethodSource("claims")
  void armsAreMatchedAndQuestionsNameThem(Claim claim) {
    for (Budget budget : Budget.values()) {
      List<Study> studies = claim.studies(budget);
      Set<String> names = new HashSet<>();
      for (Study study : studies) {
        assertThat(names.add(study.name())).as(study.name()).isTrue();
        assertThat(study.arms().stream().map(Arm::name)).doesNotHaveDuplicates();
        for (Arm arm : study.arms()) {
          assertThat(Math.abs(study.excess(arm)))
              .as("%s: %s, %d parameters", study.name(), arm.name(), arm.parameters())
              .isLessThanOrEqualTo(study.match().tolerance());
        }
      }
      List<Comparison> questions = claim.comparisons(budget);
      assertThat(questions).anyMatch(Comparison::primary);
      for (Comparison question : questions) {
        for (String name : question.studies()) {
          Study study =
              studies.stream().filter(s -> s.name().equals(name)).findFirst().orElseThrow();
          assertThat(study.arm(question.arm())).isNotNull();
          question.rivals().forEach(rival -> assertThat(study.arm(rival)).isNotNull());
        }
      }
    }
  }
}
