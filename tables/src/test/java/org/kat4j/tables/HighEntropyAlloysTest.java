package org.kat4j.tables;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.kat4j.error.UserException;

/** Worked examples of sheet 12. */
class HighEntropyAlloysTest {
  @ParameterizedTest
  @CsvSource({
    "Co1 Cr1 Fe1 Mn1 Ni1, 3.1641, 8.0, 0.1384, 1801.2, 13.3816, -4.16, 5.794, 159.234",
    "CoCrFeMnNi, 3.1641, 8.0, 0.1384, 1801.2, 13.3816, -4.16, 5.794, 159.234",
    "Ni2 Al1 Fe2 Co2, 4.8472, 8.142857, 0.0971, 1649.639, 11.2394, -9.4694, 1.958, 166.369",
    "Hf1 Nb1 Ta1 Ti1 Zr1, 4.0341, 4.4, 0.1183, 2523, 13.3816, 2.72, 12.412, 133.567"
  })
  void descriptors(
      String formula,
      double delta,
      double vec,
      double dchi,
      double melting,
      double entropy,
      double enthalpy,
      double omega,
      double bulk) {
    var d = HighEntropyAlloys.descriptors(HighEntropyAlloys.composition(formula));
    assertThat(d.delta()).isCloseTo(delta, within(5e-5)); // as many digits as the sheet has
    assertThat(d.vec()).isCloseTo(vec, within(5e-7));
    assertThat(d.dchi()).isCloseTo(dchi, within(5e-5));
    assertThat(d.melting()).isCloseTo(melting, within(5e-3));
    assertThat(d.entropy()).isCloseTo(entropy, within(5e-5));
    assertThat(d.enthalpy()).isCloseTo(enthalpy, within(5e-5));
    assertThat(d.omega()).isCloseTo(omega, within(5e-4));
    assertThat(d.bulk()).isCloseTo(bulk, within(5e-4));
  }

  @Test
  void anElementAloneIsNotMixed() {
    var d = HighEntropyAlloys.descriptors(HighEntropyAlloys.composition("W3"));
    assertThat(d.delta()).isCloseTo(0, within(1e-12));
    assertThat(d.entropy()).isZero();
    assertThat(d.enthalpy()).isZero();
  }

  @Test
  void whatIsNotAFormulaIsRefused() {
    assertThatThrownBy(() -> HighEntropyAlloys.composition("Fe1 + Ni"))
        .isInstanceOf(UserException.class);
    assertThatThrownBy(() -> HighEntropyAlloys.composition("")).isInstanceOf(UserException.class);
    assertThatThrownBy(
            () -> HighEntropyAlloys.descriptors(HighEntropyAlloys.composition("Fe1 Xx1")))
        .hasMessageContaining("element Xx");
  }

  @Test
  void problemsOfTheTable(@TempDir Path folder) throws IOException {
    String header =
        "FORMULA,PROPERTY: Microstructure,PROPERTY: Processing method,PROPERTY: Type of test,"
            + "PROPERTY: Test temperature ($^\\circ$C),PROPERTY: YS (MPa),PROPERTY: Calculated Young modulus (GPa)\n";
    String rows =
        """
        Al0.25 Co1 Fe1 Ni1,FCC,CAST,C,25,158,190
        Al0.5 Co2 Fe2 Ni2,FCC,ANNEAL,T,400,120,
        Co1 Fe1 Ni1,FCC+BCC,CAST,C,25,,205
        Mo1 Nb1,BCC,CAST,C,25,1000,210.5
        Nb1 Mo1,B2,CAST,C,25,900,
        Fe1 Ag1,FCC,CAST,C,25,100,150
        """;
    Table table =
        TableReader.read(
            Files.writeString(folder.resolve("a.csv"), header + rows), Reading.usual());
    var strength = HighEntropyAlloys.yieldStrength(table);
    assertThat(strength.problem().features()).hasSize(27);
    assertThat(strength.problem().y()).containsExactly(0.158, 0.12, 1.0, 0.9);
    assertThat(strength.groups()).containsExactly(0, 0, 1, 1);
    var modulus = HighEntropyAlloys.youngModulus(table);
    assertThat(modulus.problem().features()).isEqualTo(HighEntropyAlloys.elementNames());
    assertThat(modulus.problem().y()).containsExactly(190, 205, 210.5); // silver is not known
    assertThat(modulus.problem().x()[2]).contains(0.5, 0);
    var phase = HighEntropyAlloys.singlePhase(table);
    assertThat(phase.problem().y()).containsExactly(1, 0); // MoNb is reported in two ways
  }
}
