package org.kat4j.torch;

import java.io.File;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.SymbolLookup;
import java.net.URL;
import java.nio.file.Path;
import org.bytedeco.javacpp.Loader;
import org.kat4j.error.UserException;

/** Where libraries from jars are unpacked, once for all runs: JavaCPP's cache. */
public final class NativeCache {
  private NativeCache() {}

  /**
   * The library in a resource of a jar as a file, unpacked if it is not there yet, and loaded.
   *
   * @throws UserException naming the folder and the option for another one
   */
  public static Path library(URL resource) {
    String name = resource.getPath().replaceAll(".*/", "");
    try {
      File file = Loader.cacheResource(resource);
      if (file == null) {
        throw new IOException("no such resource");
      }
      // A folder from which nothing may run shows here, and not in a stack of whoever loads it.
      SymbolLookup _ = SymbolLookup.libraryLookup(file.toPath(), Arena.global());
      return file.toPath();
    } catch (IOException | SecurityException | IllegalArgumentException e) {
      throw refused(name, e);
    }
  }

  /** What is said when a library cannot be unpacked or loaded. */
  public static UserException refused(String library, Throwable cause) {
    String reason = String.valueOf(cause.getMessage()).lines().findFirst().orElse("");
    return new UserException(
        "%s cannot be unpacked and loaded in %s (%s): choose a folder with space from which programs may run, KAT4J_JAVA_OPTS=-Dorg.bytedeco.javacpp.cachedir=DIR"
            .formatted(library, folder(), reason),
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
