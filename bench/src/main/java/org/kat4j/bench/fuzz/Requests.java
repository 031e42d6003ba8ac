package org.kat4j.bench.fuzz;

import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.Socket;
import java.net.SocketException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import org.kat4j.data.Normalization;
import org.kat4j.error.UserException;
import org.kat4j.model.ImageModel;
import org.kat4j.model.Model;
import org.kat4j.serve.Server;
import org.kat4j.serve.Settings;
import org.kat4j.task.image.Classifier;
import org.kat4j.task.image.InputDescription;
import org.kat4j.torch.Context;

/** What a client sends to {@code kat4j serve}, byte for byte. */
final class Requests {
  private static final int PATIENCE_MILLIS = 15_000;

  private Requests() {}

  /** One server for all inputs; it ends with the process. */
  private static final class Running {
    static final Server SERVER = start();

    private static Server start() {
      Model.Spec spec = ImageModel.Spec.named("kat_nano").withInput(28, 3, 2);
      var input =
          new InputDescription(
              List.of("a", "b"), new Normalization(new float[3], new float[] {1, 1, 1}));
      return Server.start(new Classifier(spec.build(Context.cpu(1)), input), Settings.local(0));
    }
  }

  static List<Kind> kinds() {
    byte[] picture = Pictures.png(BufferedImage.TYPE_INT_RGB);
    return List.of(
        new Kind(
            "http",
            List.of(
                request("POST /predict?top=2", "Content-Length: " + picture.length, picture),
                chunked(picture),
                request("GET /healthz", "Accept: */*", new byte[0]),
                request("GET /metrics", "Connection: close", new byte[0])),
            Requests::send));
  }

  private static byte[] request(String line, String header, byte[] body) {
    return joined(line + " HTTP/1.1\r\nHost: localhost\r\n" + header + "\r\n\r\n", body, "");
  }

  private static byte[] chunked(byte[] body) {
    String head =
        "POST /predict HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n"
            + Integer.toHexString(body.length)
            + "\r\n";
    return joined(head, body, "\r\n0\r\n\r\n");
  }

  private static byte[] joined(String head, byte[] body, String end) {
    var out = new ByteArrayOutputStream();
    out.writeBytes(head.getBytes(StandardCharsets.US_ASCII));
    out.writeBytes(body);
    out.writeBytes(end.getBytes(StandardCharsets.US_ASCII));
    return out.toByteArray();
  }

  /** Sends it, says that nothing more comes, and waits for the end of the answer. */
  private static void send(byte[] content, Path scratch) throws IOException {
    var address = Running.SERVER.address();
    try (Socket socket = new Socket(address.getAddress(), address.getPort())) {
      socket.setSoTimeout(PATIENCE_MILLIS);
      String answer;
      try {
        socket.getOutputStream().write(content);
        socket.shutdownOutput();
        answer = new String(socket.getInputStream().readAllBytes(), StandardCharsets.ISO_8859_1);
      } catch (SocketException reset) {
        return; // an answer before the request was read whole: a client's right to be cut off
      }
      String status = answer.lines().findFirst().orElse("");
      if (status.contains(" 500 ")) {
        throw new IllegalStateException(answer.replaceAll("\\s+", " "));
      }
      if (!status.contains(" 200 ")) {
        throw new UserException(status.isEmpty() ? "the connection was closed" : status);
      }
    }
  }
}
