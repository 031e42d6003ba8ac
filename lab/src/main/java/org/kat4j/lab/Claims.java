package org.kat4j.lab;

import java.util.List;
import java.util.function.Supplier;
import org.kat4j.error.NearestName;
import org.kat4j.lab.p01.KatAgainstVit;
import org.kat4j.lab.p02.FusedKernel;
import org.kat4j.lab.p07.SelectedBases;
import org.kat4j.lab.p08.ActivationBumpsClaim;
import org.kat4j.lab.p09.FairComparison;
import org.kat4j.lab.p10.FeatureImportance;
import org.kat4j.lab.p11.TruncatedPowers;
import org.kat4j.lab.p12.Alloys;
import org.kat4j.lab.p14.HeartDisease;
import org.kat4j.lab.p17.PolynomialActivations;
import org.kat4j.lab.p23.ReUploading;

/** All claims, by the number of their paper. */
public final class Claims {
  private static final List<Supplier<Claim>> ALL =
      List.of(
          KatAgainstVit::new,
          FusedKernel::new,
          SelectedBases::new,
          ActivationBumpsClaim::new,
          FairComparison::new,
          FeatureImportance::new,
          TruncatedPowers::new,
          Alloys::new,
          HeartDisease::new,
          PolynomialActivations::new,
          ReUploading::new);

  private Claims() {}

  public static List<Claim> all() {
    return ALL.stream().map(Supplier::get).toList();
  }

  /** The claim of a number such as 9 or 09. */
  public static Claim numbered(String number) {
    String plain = number.replaceFirst("^0+(?=.)", "");
    List<Claim> all = all();
    return all.stream()
        .filter(claim -> Integer.toString(claim.about().number()).equals(plain))
        .findFirst()
        .orElseThrow(() ->
            NearestName.unknown(
                "claim",
                number,
                all.stream().map(c -> "%02d".formatted(c.about().number())).toList()));
  }
}
