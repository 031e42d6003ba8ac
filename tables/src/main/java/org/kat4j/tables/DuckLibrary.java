package org.kat4j.tables;

import java.io.IOException;
import java.io.InputStream;
import java.net.URL;
import java.sql.Connection;
import java.sql.Driver;
import java.sql.SQLException;
import java.util.Locale;
import java.util.Properties;
import org.jspecify.annotations.Nullable;
import org.kat4j.error.UserException;
import org.kat4j.torch.NativeCache;

/**
 * DuckDB with its library where JavaCPP keeps those of libtorch.
 *
 * <p>DuckDB's own start unpacks 72 MB into the temporary folder at each run, leaves them there when
 * the process is killed, and fails where that folder is full or runs no programs. It asks its class
 * loader for the library by name only where it finds no resource to unpack; so its classes get a
 * loader that hides the resource and knows where the library is.
 */
final class DuckLibrary extends ClassLoader {
  private static final String PACKAGE = "org.duckdb.";

  private final URL library;

  private DuckLibrary(URL library) {
    super("duckdb", DuckLibrary.class.getClassLoader());
    this.library = library;
  }

  /** Lazily, since other tables do without it. */
  private static final class Holder {
    static final Driver DRIVER = load();
  }

  /** A connection to a new database in memory. */
  static Connection connect(Properties settings) throws SQLException {
    try {
      return Holder.DRIVER.connect("jdbc:duckdb:", settings);
    } catch (ExceptionInInitializerError e) {
      for (Throwable cause = e.getCause(); cause != null; cause = cause.getCause()) {
        if (cause instanceof UserException said) { // of the library's folder
          throw said;
        }
      }
      throw e;
    }
  }

  private static Driver load() {
    String system = System.getProperty("os.name", "").toLowerCase(Locale.ROOT);
    String os = system.startsWith("mac") ? "macos" : system.startsWith("win") ? "windows" : "linux";
    String arch = System.getProperty("os.arch", "").equals("aarch64") ? "arm64" : "amd64";
    String name = "libduckdb_java.so_" + os + "_" + arch;
    URL library = DuckLibrary.class.getClassLoader().getResource(name);
    if (library == null) {
      throw new UserException(
          "Parquet cannot be read on this system (%s): save the table as CSV".formatted(name));
    }
    try {
      return (Driver)
          new DuckLibrary(library)
              .loadClass(PACKAGE + "DuckDBDriver")
              .getDeclaredConstructor()
              .newInstance();
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException("DuckDB's driver is another than expected", e);
    }
  }

  @Override
  protected Class<?> loadClass(String name, boolean resolve) throws ClassNotFoundException {
    if (!name.startsWith(PACKAGE)) {
      return super.loadClass(name, resolve);
    }
    synchronized (getClassLoadingLock(name)) {
      Class<?> found = findLoadedClass(name);
      return found != null ? found : define(name);
    }
  }

  private Class<?> define(String name) throws ClassNotFoundException {
    try (InputStream bytes = super.getResourceAsStream(name.replace('.', '/') + ".class")) {
      if (bytes == null) {
        throw new ClassNotFoundException(name);
      }
      byte[] code = bytes.readAllBytes();
      return defineClass(name, code, 0, code.length);
    } catch (IOException e) {
      throw new ClassNotFoundException(name, e);
    }
  }

  @Override
  public @Nullable URL getResource(String name) {
    return name.startsWith("libduckdb") ? null : super.getResource(name);
  }

  @Override
  protected @Nullable String findLibrary(String name) {
    return name.equals("duckdb_java") ? NativeCache.library(library).toString() : null;
  }
}
