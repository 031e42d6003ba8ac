package org.kat4j.lab;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.kat4j.error.UserException;
import org.kat4j.torch.AtomicFile;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.SerializationFeature;
import tools.jackson.databind.json.JsonMapper;

/** Results as JSON files; numbers that are none are written as texts and read back. */
final class Json {
  private static final long MAX_FILE_BYTES = 64 << 20;
  private static final JsonMapper MAPPER =
      JsonMapper.builder().enable(SerializationFeature.INDENT_OUTPUT).build();

  private Json() {}

  static void write(Path file, Record record) {
    AtomicFile.write(file, MAPPER.writeValueAsString(record) + "\n");
  }

  static <T> T read(Path file, Class<T> type) {
    try {
      if (Files.size(file) > MAX_FILE_BYTES) {
        throw new UserException(file + ": larger than a result can be (64 MiB)");
      }
      return MAPPER.readValue(Files.readString(file), type);
    } catch (IOException failed) {
      throw new UserException(file + ": cannot be read: " + AtomicFile.reason(failed), failed);
    } catch (JacksonException broken) {
      throw new UserException(
          file + ": not a result of kat4j lab (delete it to run again)", broken);
    }
  }
}
