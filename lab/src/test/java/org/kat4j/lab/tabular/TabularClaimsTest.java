package org.kat4j.lab.tabular;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.kat4j.lab.Arm;
import org.kat4j.lab.Budget;
import org.kat4j.lab.Claim;
import org.kat4j.lab.Study;
import org.kat4j.lab.Workplace;
import org.kat4j.lab.p10.FeatureImportance;
import org.kat4j.lab.p12.Alloys;
import org.kat4j.lab.p14.HeartDisease;
import org.kat4j.torch.Device;

class TabularClaimsTest {
  private static final List<Claim> CLAIMS =
      List.of(new FeatureImportance(), new Alloys(), new HeartDisease());

  @Test
  void everyQuestionIsAboutArmsThatAreThere() {
    for (Claim claim : CLAIMS) {
      for (Budget budget : Budget.values()) {
        Map<String, Set<String>> arms =
            claim.studies(budget).stream()
                .collect(
                    Collectors.toMap(
                        Study::name,
                        s -> s.arms().stream().map(Arm::name).collect(Collectors.toSet())));
        claim
            .comparisons(budget)
            .forEach(question ->
                question
                    .studies()
                    .forEach(study ->
                        assertThat(arms.get(study))
                            .as("%s in %s", question.question(), study)
                            .contains(question.arm())
                            .containsAll(question.rivals())));
        claim
            .published()
            .forEach(figure -> assertThat(arms.get(figure.study())).contains(figure.arm()));
      }
    }
  }

  /** A table of as many rows under the same name gives other trials. */
  @Test
  void trialsAreNamedByWhatTheTableHolds(@TempDir Path root) throws IOException {
    Path file = root.resolve("heart-cleveland/processed.cleveland.csv");
    Files.createDirectories(file.getParent());
    Study study =
        new HeartDisease()
            .studies(Budget.QUICK).stream()
                .filter(s -> s.name().equals("heart-cleveland"))
                .findFirst()
                .orElseThrow();
    Set<String> names = new HashSet<>();
    for (String edited : List.of("63", "63", "64")) {
      StringBuilder text = new StringBuilder();
      for (int i = 0; i < 12; i++) {
        text.append(
            "%s,%d,%d,145,2%02d,1,%d,150,0,2.%d,%d,0,6,%d%n"
                .formatted(i == 0 ? edited : 40 + i, i % 2, i % 4, i, i % 3, i, i % 3, i % 2));
      }
      Files.writeString(file, text);
      names.add(study.opening().open(new Workplace(Device.CPU, root)).determinedBy());
    }
    assertThat(names).hasSize(2);
  }

  /** Sheet 12: KAN [27, 5, 1], G 3, k 3 has 1120, the MLP 27-39-1 has 1132. */
  @Test
  void parametersAreThoseOfTheSheets() {
    List<Arm> arms = new Alloys().studies(Budget.QUICK).getFirst().arms();
    assertThat(arms.get(0).parameters()).isEqualTo(1120);
    assertThat(arms.get(1).parameters()).isEqualTo(1132);
    for (Study study : new Alloys().studies(Budget.QUICK)) {
      double kan = study.arms().get(0).parameters();
      assertThat(study.arms().get(1).parameters() / kan).as(study.name()).isBetween(0.98, 1.02);
    }
    assertThat(new HeartDisease().studies(Budget.PAPER).getFirst().arms().getFirst().parameters())
        .isEqualTo(2_844_277);
  }
}
