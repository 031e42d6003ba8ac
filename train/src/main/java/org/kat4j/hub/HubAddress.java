package org.kat4j.hub;

import java.util.Objects;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.kat4j.error.UserException;

/**
 * A published model: {@code hub:OWNER/NAME} or {@code hub:OWNER/NAME@REVISION}.
 *
 * @param repository {@code OWNER/NAME}
 * @param revision branch, tag or commit
 */
public record HubAddress(String repository, String revision) {
  private static final String SCHEME = "hub:";
  private static final String WORD = "[A-Za-z0-9_][A-Za-z0-9._-]{0,95}"; // no "..", no empty ones
  private static final Pattern FORM =
      Pattern.compile("hub:(" + WORD + "/" + WORD + ")(?:@(" + WORD + "))?");

  /** Whether a text is meant as an address and not as a path. */
  public static boolean isOne(String text) {
    return text.startsWith(SCHEME);
  }

  /** Reads an address. */
  public static HubAddress parse(String text) {
    Matcher match = FORM.matcher(text);
    if (!match.matches()) {
      throw new UserException(
          "'" + text + "' is no address of a model: hub:OWNER/NAME or hub:OWNER/NAME@REVISION");
    }
    return new HubAddress(match.group(1), Objects.requireNonNullElse(match.group(2), "main"));
  }

  @Override
  public String toString() {
    return SCHEME + repository + "@" + revision;
  }
}
