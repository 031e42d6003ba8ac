package org.kat4j.web;

import java.util.Locale;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Whether a request comes from this machine's user or from a page of another site in the user's
 * browser. A browser says the name it looked up as {@code Host}, also when that name was bent to
 * 127.0.0.1 (DNS rebinding), and the page's site as {@code Origin}.
 */
public final class RequestOrigin {
  private static final Pattern LOCAL =
      Pattern.compile("(localhost|127\\.0\\.0\\.1|\\[::1])(:\\d{1,5})?");

  private RequestOrigin() {}

  /**
   * Whether a {@code Host} header names this machine by one of its usual names; without one it does
   * not.
   */
  public static boolean isLocal(@Nullable String host) {
    return host != null && LOCAL.matcher(host.toLowerCase(Locale.ROOT)).matches();
  }

  /** Whether an {@code Origin} header is absent, as outside of browsers, or that of the host. */
  public static boolean isOwn(@Nullable String origin, @Nullable String host) {
    return origin == null
        || host != null
            && (origin.equalsIgnoreCase("http://" + host)
                || origin.equalsIgnoreCase("https://" + host));
  }
}
