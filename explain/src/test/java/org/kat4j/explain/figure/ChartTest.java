package org.kat4j.explain.figure;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.StringReader;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.w3c.dom.Element;
import org.w3c.dom.NodeList;
import org.xml.sax.InputSource;

class ChartTest {
  private static final String HOSTILE = "<b>a & \"b\" 'c'\u0001";

  private static Element parse(String svg) throws Exception {
    return DocumentBuilderFactory.newInstance()
        .newDocumentBuilder()
        .parse(new InputSource(new StringReader(svg)))
        .getDocumentElement();
  }

  private static List<Element> all(Element root, String tag, String style) {
    NodeList nodes = root.getElementsByTagName(tag);
    var found = new ArrayList<Element>();
    for (int i = 0; i < nodes.getLength(); i++) {
      Element one = (Element) nodes.item(i);
      if (List.of(one.getAttribute("class").split(" ")).contains(style)) {
        found.add(one);
      }
    }
    return found;
  }

  static Stream<Chart> hostileCharts() {
    List<Point> odd =
        List.of(
            new Point(0, Double.NaN),
            new Point(1, Double.POSITIVE_INFINITY),
            new Point(2, -3),
            Point.between(3, 0, 1, 1e300),
            new Point(Double.NaN, 1));
    List<Series> series = List.of(Series.of(HOSTILE, odd), Series.quiet(HOSTILE, List.of()));
    Axis x = Axis.linear(HOSTILE);
    Chart line = LineChart.of(HOSTILE, x, Axis.log(HOSTILE), series);
    return Stream.of(
        line,
        LineChart.of(HOSTILE, x, x, List.of()),
        ScatterPlot.of(HOSTILE, Axis.log(""), x, series),
        BarChart.of(
            HOSTILE,
            x,
            List.of(new BarChart.Bar(HOSTILE.repeat(30), Double.NaN), new BarChart.Bar("", -1))),
        BarChart.dots(HOSTILE, x, List.of(BarChart.Bar.between("d", -2, 1, 3))),
        Histogram.of(
            HOSTILE,
            x,
            List.of(
                Histogram.Distribution.of(HOSTILE, new double[] {Double.NaN, 9, -9}, -1, 1, 4))),
        HeatMap.of(
            HOSTILE, HOSTILE, HOSTILE, List.of(HOSTILE), List.of("r"), new double[][] {{-2}}),
        HeatMap.of("none", "", "", List.of(), List.of(), new double[0][]),
        new SmallMultiples(HOSTILE, 2, List.of(line, line, line)));
  }

  @ParameterizedTest
  @MethodSource("hostileCharts")
  void anyDataGiveWellFormedSvgInsideItsFrame(Chart chart) throws Exception {
    for (String svg : List.of(chart.svg(), chart.file())) {
      Element root = parse(svg);
      assertThat(root.getElementsByTagName("b").getLength()).isZero();
      assertThat(svg).doesNotContain("NaN").doesNotContain("Infinity");
      String[] box = root.getAttribute("viewBox").split(" ");
      assertThat(Double.parseDouble(box[2])).isEqualTo(chart.size().width());
      for (Element text : all(root, "text", "tick")) {
        if (text.hasAttribute("x")) {
          assertThat(Double.parseDouble(text.getAttribute("x")))
              .isBetween(-1., chart.size().width() + 1);
        }
      }
    }
  }

  @Test
  void aLineGoesThroughItsPointsAndIsBrokenWhereOneIsMissing() throws Exception {
    var points =
        List.of(
            new Point(0, 0),
            new Point(5, 10),
            new Point(6, Double.NaN),
            new Point(8, 0),
            new Point(10, 10));
    Element root =
        parse(
            LineChart.of("t", Axis.linear(""), Axis.linear(""), List.of(Series.of("s", points)))
                .svg());
    List<Element> curves = all(root, "path", "curve");
    assertThat(curves).hasSize(2);
    Element axis = all(root, "line", "axis").getFirst();
    double left = Double.parseDouble(axis.getAttribute("x1"));
    double right = Double.parseDouble(axis.getAttribute("x2"));
    double bottom = Double.parseDouble(axis.getAttribute("y1"));
    String[] first = curves.getFirst().getAttribute("d").substring(1).split("[ L]");
    assertThat(Double.parseDouble(first[0])).isEqualTo(left);
    assertThat(Double.parseDouble(first[1])).isEqualTo(bottom);
    assertThat(Double.parseDouble(first[2])).isCloseTo((left + right) / 2, within());
    assertThat(Double.parseDouble(first[3])).isEqualTo(24); // the top of the plane
  }

  private static org.assertj.core.data.Offset<Double> within() {
    return org.assertj.core.data.Offset.offset(.051); // coordinates are written to a tenth
  }

  @Test
  void ticksAreRoundAndInsideTheRange() {
    assertThat(texts(new Scale(0, 1, false, false, 0, 100), 5))
        .containsExactly("0", "0.2", "0.4", "0.6", "0.8", "1");
    assertThat(texts(new Scale(-3, 3, false, false, 0, 100), 3)).containsExactly("−2", "0", "2");
    assertThat(texts(new Scale(93.1, 93.4, false, false, 0, 100), 3))
        .containsExactly("93.1", "93.2", "93.3", "93.4");
    assertThat(texts(new Scale(1e-5, 2e-3, true, false, 0, 100), 5))
        .containsExactly("1e−5", "0.0001", "0.001");
    assertThat(texts(new Scale(.5, 3, true, false, 0, 100), 5)).containsExactly("0.5", "1", "2");
    assertThat(texts(new Scale(1, 3, false, true, 0, 100), 8)).containsExactly("1", "2", "3");
    assertThat(texts(new Scale(140, 380, false, false, 0, 100), 7))
        .containsExactly("150", "200", "250", "300", "350");
    assertThat(new Scale(1, 100, true, false, 0, 50).place(10)).isEqualTo(25);
  }

  private static List<String> texts(Scale scale, int count) {
    return scale.ticks(count).stream().map(Scale.Tick::text).toList();
  }

  @Test
  void numbersAreShort() {
    assertThat(Numbers.brief(0.123456)).isEqualTo("0.1235");
    assertThat(Numbers.brief(97.5312)).isEqualTo("97.53");
    assertThat(Numbers.brief(12345.6)).isEqualTo("12,346");
    assertThat(Numbers.brief(-2)).isEqualTo("−2");
    assertThat(Numbers.brief(1.5e-5)).isEqualTo("1.5e−5");
    assertThat(Numbers.brief(99999999)).isEqualTo("1e8");
    assertThat(Numbers.brief(Double.NaN)).isEqualTo("–");
  }

  @Test
  void aHistogramCountsEveryNumberOnce() {
    var d = Histogram.Distribution.of("d", new double[] {-5, -.9, .1, .2, 7, Double.NaN}, -1, 1, 2);
    assertThat(d.shares()).containsExactly(.4, .6);
  }

  @Test
  void aHeatMapRefusesValuesThatDoNotFitItsNames() {
    assertThatThrownBy(
            () -> HeatMap.of("m", "", "", List.of("a"), List.of("r"), new double[][] {{1, 2}}))
        .hasMessageContaining("1 x 1");
  }

  @Test
  void longNamesStandWholeAboveTheirValues() {
    String name = "the first arm is better than the best of the others";
    var shortly = BarChart.dots("t", Axis.linear(""), List.of(BarChart.Bar.between("d", -2, 1, 3)));
    var chart = BarChart.dots("t", Axis.linear(""), List.of(BarChart.Bar.between(name, -2, 1, 3)));
    assertThat(chart.svg()).contains(">" + name + "<");
    assertThat(chart.size().height()).isGreaterThan(shortly.size().height());
  }
}
