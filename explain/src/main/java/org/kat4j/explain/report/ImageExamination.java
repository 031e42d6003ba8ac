package org.kat4j.explain.report;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.SequencedMap;
import java.util.function.BiConsumer;
import java.util.stream.IntStream;
import org.kat4j.data.ImageSet;
import org.kat4j.explain.figure.Numbers;
import org.kat4j.explain.page.Card;
import org.kat4j.explain.page.Content;
import org.kat4j.model.ImageModel;
import org.kat4j.model.Model;
import org.kat4j.task.image.ImageClassification;
import org.kat4j.task.image.ImageSelection;

/**
 * A model of images on the second split of its data.
 *
 * @param images the second split
 * @param probe some of them
 * @param answers to each of them
 */
record ImageExamination(
    Run run, ImageModel model, ImageSet images, ImageProbe probe, Answers answers)
    implements Examination {
  private static final int PROBE = 64;

  static ImageExamination of(Run run, Model loaded, ImageClassification task) {
    ImageModel model = ImageModel.of(loaded);
    ImageSet images = task.judgedBy();
    return new ImageExamination(run, model, images, probe(images), Answers.of(model, images));
  }

  /** Spread over the set: folders are sorted by class. */
  private static ImageProbe probe(ImageSet images) {
    int size = images.size();
    int count = Math.min(PROBE, size);
    IntStream places = IntStream.range(0, count).map(i -> (int) ((long) i * size / count));
    return new ImageProbe(images, Inputs.read(images, places));
  }

  @Override
  public String measuredOn() {
    ImageSelection data = ((ImageClassification.Spec) run.config().task()).data();
    String curves =
        data.holdOut() > 0
            ? "images held out of the first split."
            : "the same images: choosing anything by them makes these figures too good.";
    return "Measured with the last weights on %s images, the second split of %s. The curves are of %s"
        .formatted(Numbers.brief(answers.all().size()), data.name(), curves);
  }

  @Override
  public List<Card> cards() {
    return new AnswerSections(this).cards();
  }

  @Override
  public SequencedMap<String, String> results() {
    Proportion top1 = answers.top(1);
    SequencedMap<String, String> results = new LinkedHashMap<>();
    results.put("top-1", AnswerSections.percent(top1.share()));
    results.put(
        "95 %", String.format(Locale.ROOT, "%.2f – %.2f", 100 * top1.low(), 100 * top1.high()));
    results.put("loss", Numbers.brief(answers.loss()));
    results.put("calibration error", Numbers.brief(Calibration.of(answers).error(), 3));
    return results;
  }

  @Override
  public void sections(Content content, BiConsumer<Content, String> heading) {
    var shown = new AnswerSections(this);
    heading.accept(content, "Learned functions");
    new FunctionSections(this, probe).draw(content);
    heading.accept(content, "Attention");
    new RolloutSection(this).draw(content);
    heading.accept(content, "Confusion");
    shown.confusion(content);
    heading.accept(content, "Worst mistakes");
    shown.mistakes(content);
  }
}
