package org.kat4j.explain.report;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.SequencedMap;
import java.util.function.BiConsumer;
import org.kat4j.explain.figure.Numbers;
import org.kat4j.explain.page.Card;
import org.kat4j.explain.page.Content;
import org.kat4j.model.Model;
import org.kat4j.model.RowModel;
import org.kat4j.task.Scores;
import org.kat4j.task.row.RowTask;
import org.kat4j.torch.Device;
import org.kat4j.torch.StateDict;

/**
 * A model of rows on those that it is judged by.
 *
 * @param task the opened rows
 * @param scores as {@code eval} gives them
 */
record RowExamination(Run run, RowModel model, RowTask task, Scores scores) implements Examination {

  static RowExamination of(Run run, Model loaded, RowTask task) {
    RowModel model = RowModel.of(loaded);
    Device device = Device.of(StateDict.of(model).firstEntry().getValue());
    Scores scores =
        Scores.measured(task.test(run.config().batchSize()), task.of(model).meter(), device);
    return new RowExamination(run, model, task, scores);
  }

  @Override
  public String measuredOn() {
    return "Measured with the last weights on the %s rows of %s%s"
        .formatted(
            Numbers.brief(task.judgedBy().samples()),
            task.data().name(),
            task.hasTest()
                ? " for testing. The curves are of its rows for validation."
                : " for validation. The curves are of the same rows: choosing anything by them makes these figures too good.");
  }

  @Override
  public List<Card> cards() {
    return results().entrySet().stream().map(e -> new Card(e.getKey(), e.getValue())).toList();
  }

  @Override
  public SequencedMap<String, String> results() {
    SequencedMap<String, String> results = new LinkedHashMap<>();
    scores
        .values()
        .forEach((measure, value) -> {
          String unit = measure.unit().isEmpty() ? "" : " " + measure.unit();
          results.put(measure.name(), Numbers.brief(value) + unit);
        });
    return results;
  }

  @Override
  public void sections(Content content, BiConsumer<Content, String> heading) {
    var shown = new RowSections(this);
    if (task.data().classes()) {
      heading.accept(content, "Confusion");
      shown.confusion(content);
    } else {
      heading.accept(content, "Predicted and true values");
      shown.predictedAgainstTrue(content);
    }
    heading.accept(content, "Learned functions");
    new FunctionSections(this, new RowProbe(task.judgedBy().x())).draw(content);
  }
}
