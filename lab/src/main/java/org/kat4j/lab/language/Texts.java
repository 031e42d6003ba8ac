package org.kat4j.lab.language;

import org.kat4j.data.text.TextSources;
import org.kat4j.lab.Training;
import org.kat4j.lab.Trial;
import org.kat4j.lab.Workplace;
import org.kat4j.task.language.Language;

/**
 * A text as the data of a study; its parts are cut by position.
 *
 * @param checksum of all its parts
 * @param place where it lies
 */
public record Texts(Language.Spec spec, String checksum, Workplace place) implements Training.Data {
  /**
   * Reads the text once.
   *
   * @throws org.kat4j.error.UserException where it is missing or cannot be used
   */
  public static Texts open(Language.Spec spec, Workplace place) {
    String checksum = TextSources.open(spec.text(), place.dataRoot(), spec.test()).checksum();
    return new Texts(spec, checksum, place);
  }

  @Override
  public Language task(Trial trial) {
    return spec.open(place.dataRoot(), trial.seed());
  }
}
