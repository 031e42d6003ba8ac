package org.kat4j.explain.report;

import java.util.List;
import java.util.SequencedMap;
import java.util.function.BiConsumer;
import org.kat4j.error.UserException;
import org.kat4j.explain.page.Card;
import org.kat4j.explain.page.Content;
import org.kat4j.model.Model;
import org.kat4j.model.Weights;
import org.kat4j.task.Task;
import org.kat4j.task.image.ImageClassification;
import org.kat4j.task.language.Language;
import org.kat4j.task.row.RowTask;
import org.kat4j.torch.Context;
import org.kat4j.torch.Device;

/**
 * A run's last weights at work on data that it was not trained on: what everything but the curves
 * follows from. There is one for each kind of task.
 */
sealed interface Examination extends AutoCloseable
    permits ImageExamination, LanguageExamination, RowExamination {
  /** Which run. */
  Run run();

  /** The model with its last weights, on the run's device, or on the CPU where that is not here. */
  Model model();

  /** On how much of which data, in a sentence. */
  String measuredOn();

  /** The numbers that matter. */
  List<Card> cards();

  /** The columns of a table of several runs, and what this one has there. */
  SequencedMap<String, String> results();

  /**
   * What is shown of the model.
   *
   * @param heading how a part of it begins
   */
  void sections(Content content, BiConsumer<Content, String> heading);

  @Override
  default void close() {
    model().close();
  }

  /**
   * Loads and measures.
   *
   * @throws UserException when there are no weights yet, or the data are not there or do not fit
   */
  static Examination of(Run run, Report.Source source) {
    Task<?> task = source.open(run.config());
    Model model = Weights.load(run.folder().weights(), Context.cpu(0).withDevice(device(run)));
    try {
      if (!model.spec().signature().equals(task.signature())) {
        throw new UserException(
            "%s: the data of %s do not fit the model any more"
                .formatted(run.folder().path(), run.config().task().name()));
      }
      return switch (task) {
        case ImageClassification images -> ImageExamination.of(run, model, images);
        case Language text -> LanguageExamination.of(run, model, text);
        case RowTask rows -> RowExamination.of(run, model, rows);
        default ->
            throw new UserException(
                "what the model answers is not shown for this kind of task: kat4j eval --run %s measures it"
                    .formatted(run.folder().path()));
      };
    } catch (RuntimeException failed) {
      model.close();
      throw failed;
    }
  }

  private static Device device(Run run) {
    try {
      return Device.parse(run.config().device());
    } catch (UserException absent) { // trained on another machine
      return Device.CPU;
    }
  }
}
