package org.kat4j.tables;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.kat4j.error.UserException;

/**
 * High-entropy alloys: compositions as numbers, and the three problems of sheet 12 from the table
 * of Borg et al. 2020 ({@code hea} in {@link KnownTables}).
 *
 * <p>Elements: radius in pm, valence electrons, Pauling's electronegativity, melting point in K,
 * bulk and shear modulus in GPa; enthalpies of mixing of pairs by Miedema in kJ/mol.
 */
public final class HighEntropyAlloys {
  /** R in J / (mol K). */
  private static final double GAS = 8.314463;

  private static final String ELEMENTS =
      """
      Al 143 3 1.61 933.47 72.18 26.59
      Co 125 9 1.88 1768 191.5 76.42
      Cr 129 6 1.66 2180 190.3 116.7
      Cu 128 11 1.90 1357.77 131.0 45.13
      Fe 126 8 1.83 1811 168.3 81.52
      Hf 159 4 1.30 2506 108.9 52.97
      Mn 135.7 7 1.55 1519 59.67 76.52
      Mo 139 6 2.16 2896 272.6 115.8
      Nb 147 5 1.60 2750 170.3 37.47
      Ni 125 10 1.91 1728 186.4 75.05
      Ta 147 5 1.50 3290 200.1 68.67
      Ti 147 4 1.54 1941 105.2 39.34
      V 135 5 1.63 2183 162.0 46.5
      W 141 6 2.36 3695 323.3 153.0
      Zr 160 4 1.33 2128 83.335 34.14\
      """;

  private static final String ENTHALPIES =
      """
      Al Co -19 Cr -10 Cu -1 Fe -11 Hf -39 Mn -19 Mo -5 Nb -18 Ni -22 Ta -19 Ti -30 V -16 W -2 Zr -44
      Co Cr -4 Cu 6 Fe -1 Hf -35 Mn -5 Mo -5 Nb -25 Ni 0 Ta -24 Ti -28 V -14 W -1 Zr -41
      Cr Cu 12 Fe -1 Hf -9 Mn 2 Mo 0 Nb -7 Ni -7 Ta -7 Ti -7 V -2 W 1 Zr -12
      Cu Fe 13 Hf -17 Mn 4 Mo 19 Nb 3 Ni 4 Ta 2 Ti -9 V 5 W 22 Zr -23
      Fe Hf -21 Mn 0 Mo -2 Nb -16 Ni -2 Ta -15 Ti -17 V -7 W 0 Zr -25
      Hf Mn -12 Mo -4 Nb 4 Ni -42 Ta 3 Ti 0 V -2 W -6 Zr 0
      Mn Mo 5 Nb -4 Ni -8 Ta -4 Ti -8 V -1 W 6 Zr -15
      Mo Nb -6 Ni -7 Ta -5 Ti -4 V 0 W 0 Zr -6
      Nb Ni -30 Ta 0 Ti 2 V -1 W -8 Zr 4
      Ni Ta -29 Ti -35 V -18 W -3 Zr -49
      Ta Ti 1 V -1 W -7 Zr 3
      Ti V -2 W -6 Zr 0
      V W -1 Zr -4
      W Zr -9\
      """;

  private static final Map<String, double[]> ELEMENT = elements();
  private static final Map<Set<String>, Double> PAIR = pairs();
  private static final Pattern PART =
      Pattern.compile("([A-Z][a-z]?)\\s*(\\d+(?:\\.\\d+)?|\\.\\d+)?\\s*");

  private HighEntropyAlloys() {}

  /**
   * What a composition comes to.
   *
   * @param delta spread of the radii, percent
   * @param vec mean number of valence electrons
   * @param dchi spread of the electronegativities
   * @param melting mean melting point, K
   * @param entropy of mixing, J / (mol K)
   * @param enthalpy of mixing, kJ / mol
   * @param bulk mean bulk modulus, GPa
   */
  public record Descriptors(
      double delta,
      double vec,
      double dchi,
      double melting,
      double entropy,
      double enthalpy,
      double bulk) {
    /** Melting point times entropy by enthalpy; infinite if there is no enthalpy. */
    public double omega() {
      return melting * entropy / (1000 * Math.abs(enthalpy));
    }
  }

  /**
   * A problem with the alloy that each row is of, so that rows of an alloy stay together.
   *
   * @param groups number of the row's composition
   */
  public record Grouped(Problem problem, int[] groups) {}

  /** The elements that are known here, in the order of their letters. */
  public static List<String> elementNames() {
    return List.copyOf(ELEMENT.keySet());
  }

  /**
   * Fractions of a formula such as {@code Al0.25 Co1 Fe1 Ni1}, of sum 1.
   *
   * @throws UserException if it is not a formula
   */
  public static Map<String, Double> composition(String formula) {
    Map<String, Double> amounts = new TreeMap<>();
    Matcher part = PART.matcher(formula.strip());
    int end = 0;
    while (part.find() && part.start() == end) {
      end = part.end();
      amounts.merge(
          part.group(1),
          part.group(2) == null ? 1 : Double.parseDouble(part.group(2)),
          Double::sum);
    }
    double sum = amounts.values().stream().mapToDouble(v -> v).sum();
    if (end < formula.strip().length() || sum <= 0) {
      throw new UserException(
          "'%s' is not a formula such as Al0.25 Co1 Fe1 Ni1".formatted(formula));
    }
    amounts.replaceAll((_, amount) -> amount / sum);
    return amounts;
  }

  /** Descriptors of fractions of known elements. */
  public static Descriptors descriptors(Map<String, Double> fractions) {
    double radius = mean(fractions, 0);
    double chi = mean(fractions, 2);
    double delta = 0;
    double dchi = 0;
    double entropy = 0;
    double enthalpy = 0;
    for (var one : fractions.entrySet()) {
      double c = one.getValue();
      delta += c * Math.pow(1 - property(one.getKey(), 0) / radius, 2);
      dchi += c * Math.pow(property(one.getKey(), 2) - chi, 2);
      entropy -= c > 0 ? GAS * c * Math.log(c) : 0;
      for (var other : fractions.entrySet()) {
        if (one.getKey().compareTo(other.getKey()) < 0) {
          enthalpy +=
              4
                  * c
                  * other.getValue()
                  * PAIR.getOrDefault(Set.of(one.getKey(), other.getKey()), 0.0);
        }
      }
    }
    return new Descriptors(
        100 * Math.sqrt(delta),
        mean(fractions, 1),
        Math.sqrt(dchi),
        mean(fractions, 3),
        entropy,
        enthalpy,
        mean(fractions, 4));
  }

  private static double mean(Map<String, Double> fractions, int property) {
    return fractions.entrySet().stream()
        .mapToDouble(e -> e.getValue() * property(e.getKey(), property))
        .sum();
  }

  private static double property(String element, int property) {
    double[] properties = ELEMENT.get(element);
    if (properties == null) {
      throw new UserException(
          "element %s is not known here; known are %s".formatted(element, ELEMENT.keySet()));
    }
    return properties[property];
  }

  /**
   * Yield strength in GPa from composition, descriptors, temperature, processing and kind of test:
   * 27 features; rows that lack strength or temperature or have other elements are left out.
   */
  public static Grouped yieldStrength(Table table) {
    Words formulas = new Words(table, "FORMULA");
    Words processing = new Words(table, "PROPERTY: Processing method");
    Words tests = new Words(table, "PROPERTY: Type of test");
    double[] temperature = table.numbers("PROPERTY: Test temperature ($^\\circ$C)");
    double[] strength = table.numbers("PROPERTY: YS (MPa)");
    List<String> names = new ArrayList<>(elementNames());
    names.addAll(List.of("delta", "VEC", "dchi", "Tm/1000", "dS", "temperature/1000"));
    List<String> methods = List.of("CAST", "WROUGHT", "ANNEAL", "POWDER");
    names.addAll(methods);
    names.addAll(List.of("compression", "tension"));
    Rows rows = new Rows();
    for (int i = 0; i < table.rows(); i++) {
      Map<String, Double> fractions = known(formulas.at(i));
      if (fractions == null || Double.isNaN(strength[i]) || Double.isNaN(temperature[i])) {
        continue;
      }
      Descriptors d = descriptors(fractions);
      List<Double> x = new ArrayList<>(ofElements(fractions));
      x.addAll(List.of(d.delta, d.vec, d.dchi, d.melting / 1000, d.entropy, temperature[i] / 1000));
      for (String method : methods) {
        x.add(method.equals(processing.at(i)) ? 1.0 : 0);
      }
      x.add("C".equals(tests.at(i)) ? 1.0 : 0);
      x.add("T".equals(tests.at(i)) ? 1.0 : 0);
      rows.add(x, strength[i] / 1000, fractions);
    }
    return rows.grouped(Task.REGRESSION, names, List.of());
  }

  /**
   * The calculated Young modulus in GPa from the fractions of 15 elements; rows that lack it or
   * have other elements are left out. The table's figure is itself computed from the elements.
   */
  public static Grouped youngModulus(Table table) {
    Words formulas = new Words(table, "FORMULA");
    double[] modulus = table.numbers("PROPERTY: Calculated Young modulus (GPa)");
    Rows rows = new Rows();
    for (int i = 0; i < table.rows(); i++) {
      Map<String, Double> fractions = known(formulas.at(i));
      if (fractions != null && !Double.isNaN(modulus[i])) {
        rows.add(ofElements(fractions), modulus[i], fractions);
      }
    }
    return rows.grouped(Task.REGRESSION, elementNames(), List.of());
  }

  private static List<Double> ofElements(Map<String, Double> fractions) {
    return elementNames().stream().map(element -> fractions.getOrDefault(element, 0.0)).toList();
  }

  /**
   * Whether an alloy has a single phase (BCC, FCC or HCP alone) from five descriptors; an alloy is
   * one row, and alloys with contradicting reports are left out.
   */
  public static Grouped singlePhase(Table table) {
    Words formulas = new Words(table, "FORMULA");
    Words phases = new Words(table, "PROPERTY: Microstructure");
    Map<Map<String, Double>, Set<Boolean>> labels = new LinkedHashMap<>();
    for (int i = 0; i < table.rows(); i++) {
      Map<String, Double> fractions = known(formulas.at(i));
      String phase = phases.at(i);
      if (fractions != null && phase != null) {
        labels
            .computeIfAbsent(rounded(fractions), _ -> new HashSet<>())
            .add(Set.of("BCC", "FCC", "HCP").contains(phase.strip()));
      }
    }
    Rows rows = new Rows();
    labels.forEach((fractions, seen) -> {
      if (seen.size() == 1) {
        Descriptors d = descriptors(fractions);
        rows.add(
            List.of(d.delta, d.vec, d.dchi, d.melting / 1000, d.entropy),
            seen.contains(true) ? 1 : 0,
            fractions);
      }
    });
    return rows.grouped(
        Task.CLASSIFICATION,
        List.of("delta", "VEC", "dchi", "Tm/1000", "dS"),
        List.of("several", "single"));
  }

  /** Fractions if all elements are known here, else null. */
  private static @Nullable Map<String, Double> known(@Nullable String formula) {
    if (formula == null) {
      return null;
    }
    Map<String, Double> fractions = composition(formula);
    return ELEMENT.keySet().containsAll(fractions.keySet()) ? fractions : null;
  }

  /** To 1e-6, so that the same alloy written in two ways is the same. */
  private static Map<String, Double> rounded(Map<String, Double> fractions) {
    Map<String, Double> rounded = new TreeMap<>();
    fractions.forEach((element, c) -> rounded.put(element, Math.rint(c * 1e6) / 1e6));
    return rounded;
  }

  private static Map<String, double[]> elements() {
    Map<String, double[]> elements = new TreeMap<>();
    for (String line : ELEMENTS.lines().toList()) {
      String[] cells = line.split(" ");
      elements.put(
          cells[0], Arrays.stream(cells).skip(1).mapToDouble(Double::parseDouble).toArray());
    }
    return elements;
  }

  private static Map<Set<String>, Double> pairs() {
    Map<Set<String>, Double> pairs = new HashMap<>();
    for (String line : ENTHALPIES.lines().toList()) {
      String[] cells = line.split(" ");
      for (int i = 1; i < cells.length; i += 2) {
        pairs.put(Set.of(cells[0], cells[i]), Double.parseDouble(cells[i + 1]));
      }
    }
    return pairs;
  }

  /** A column of words, read row by row. */
  private record Words(Column.Categories column) {
    Words(Table table, String name) {
      this(
          table.column(name) instanceof Column.Categories words
              ? words
              : new Column.Categories(name, List.of(), new int[table.rows()]));
    }

    @Nullable String at(int row) {
      int code = column.codes()[row];
      return code < 0 || column.levels().isEmpty() ? null : column.levels().get(code);
    }
  }

  /** Rows that are gathered. */
  private static final class Rows {
    private final List<double[]> x = new ArrayList<>();
    private final List<Double> y = new ArrayList<>();
    private final List<Integer> groups = new ArrayList<>();
    private final Map<Map<String, Double>, Integer> alloys = new HashMap<>();

    void add(List<Double> features, double target, Map<String, Double> fractions) {
      x.add(features.stream().mapToDouble(v -> v).toArray());
      y.add(target);
      groups.add(alloys.computeIfAbsent(rounded(fractions), _ -> alloys.size()));
    }

    Grouped grouped(Task task, List<String> names, List<String> classes) {
      if (x.isEmpty()) {
        throw new UserException("no row of the alloy table has all that is needed");
      }
      return new Grouped(
          new Problem(
              task,
              names,
              x.toArray(double[][]::new),
              y.stream().mapToDouble(v -> v).toArray(),
              classes),
          groups.stream().mapToInt(i -> i).toArray());
    }
  }
}
