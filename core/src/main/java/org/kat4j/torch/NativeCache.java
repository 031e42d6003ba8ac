package org.kat4j.torch;

import java.io.File;
import java.io.IOException;
import java.net.URL;
import java.nio.file.Path;
import org.bytedeco.javacpp.Loader;
import org.kat4j.error.UserException;

/** Where libraries from jars are unpacked, once for all runs: JavaCPP's cache. */
public final class NativeCache {
  private NativeCache() {}

  /**
   * A resource of a jar as a file, unpacked if it is not there yet.
   *
   * @throws UserException naming the folder and the option for another one
   */
  public static Path unpacked(URL resource) {
    try {
      File file = Loader.cacheResource(resource);
      if (file != null) {
        return file.toPath();
      }
      throw new IOException("no such resource");
    } catch (IOException | SecurityException e) {
      throw refused(resource.getPath().replaceAll(".*/", ""), e);
    }
  }

  /** What is said when a library cannot be unpacked or loaded. */
  public static UserException refused(String library, Throwable cause) {
    return new UserException(
        "%s cannot be unpacked and loaded in %s (%s): choose a folder with space from which programs may run, KAT4J_JAVA_OPTS=-Dorg.bytedeco.javacpp.cachedir=DIR"
            .formatted(
                library,
                folder(),
                String.valueOf(cause.getMessage()).lines().findFirst().orElse("")),
        cause);
  }

  private static String folder() {
    try {
      return Loader.getCacheDir().toString();
    } catch (IOException e) { // there is none that can be written to
      return System.getProperty("org.bytedeco.javacpp.cachedir", "~/.javacpp/cache");
    }
  }
}
