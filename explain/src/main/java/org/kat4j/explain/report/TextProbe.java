package org.kat4j.explain.report;

import java.util.stream.LongStream;
import org.kat4j.data.Batch;
import org.kat4j.data.text.TokenBatch;
import org.kat4j.data.text.Tokens;
import org.kat4j.model.Model;
import org.kat4j.model.TokenModel;
import org.kat4j.torch.Device;
import org.kat4j.torch.Pass;
import org.kat4j.torch.Scope;
import org.kat4j.torch.StateDict;
import org.kat4j.torch.Tap;

/**
 * Some windows of a text.
 *
 * @param text what they are cut from
 * @param starts where they begin
 * @param context tokens of a window
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
record TextProbe(Tokens text, long[] starts, int context) implements Probe {
  /** As many windows as have so many tokens in all, at least one, spread over the text. */
  static TextProbe spread(Tokens text, int context, long mostTokens) {
    long all = (text.size() - 1) / context;
    long count = Math.clamp(mostTokens / context, 1, all);
    long[] starts = LongStream.range(0, count).map(i -> i * all / count * context).toArray();
    return new TextProbe(text, starts, context);
  }

  /** The windows from a place on, on a device. */
  TokenBatch batch(int from, int count, Device device) {
    long[] some = new long[Math.min(count, starts.length - from)];
    System.arraycopy(starts, from, some, 0, some.length);
    return Batch.on(device, TokenBatch.of(text, some, context));
  }

  /** Whether they are all of the text. */
  boolean isAll() {
    return starts.length == (text.size() - 1) / context;
  }

  @Override
  public void pass(Model model, Tap tap) {
    Device device = Device.of(StateDict.of(model).firstEntry().getValue());
    try (Scope _ = Scope.open();
        var _ = Scope.noGradients()) {
      TokenBatch batch = batch(0, starts.length, device);
      TokenModel.of(model).forward(batch.read(), Pass.evaluation(tap));
    }
  }

  @Override
  public String samples() {
    return "%d windows of %d tokens".formatted(starts.length, context);
  }
}
