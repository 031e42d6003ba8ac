package org.kat4j.model;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.bytedeco.pytorch.Tensor;
import org.kat4j.error.UserException;
import org.kat4j.function.GroupRational.Naming;
import org.kat4j.torch.Scope;
import org.kat4j.torch.StateDict;
import org.kat4j.torch.TensorFile;

/**
 * Weights of one model taken over into another one.
 *
 * <p>Copied is what has the same name and shape; KAT's and FlashKAT's names count as the same.
 * Positions of another grid are resampled. A classifier for other classes, and the learnable
 * functions of a KAT that is made from a ViT, keep the values they started with, as do steps of
 * scores that the source has not. Anything else that does not match is a mistake: then the weights
 * belong to another model.
 *
 * @param copied names of the model's tensors that were copied
 * @param resampled positions fitted to another grid
 * @param fresh names that keep their initial values
 */
public record Transfer(List<String> copied, List<String> resampled, List<String> fresh) {
  private static final List<String> HEADS = List.of("head.", "head_dist.");

  /** Takes over all that fits. */
  public static Transfer into(Model target, TensorFile source) {
    Transfer transfer = new Transfer(new ArrayList<>(), new ArrayList<>(), new ArrayList<>());
    Set<String> unused = new HashSet<>(source.names());
    unused.removeIf(name -> name.contains("/") || isHead(name));
    for (Map.Entry<String, Tensor> entry : StateDict.of(target).entrySet()) {
      String name = sourceName(entry.getKey(), source);
      transfer.take(entry.getKey(), name, entry.getValue(), target, source);
      unused.remove(name);
    }
    if (!unused.isEmpty()) {
      String first = unused.stream().sorted().findFirst().orElseThrow();
      throw foreign(source, "tensor " + first + " is not in the model");
    }
    return transfer;
  }

  /** Counts, and what kept its initial values, in a few words. */
  public String describe() {
    long functions = fresh.stream().filter(Transfer::isFunction).count();
    long scores = fresh.stream().filter(Transfer::isOfScores).count();
    long head = fresh.size() - functions - scores;
    var text = new StringBuilder().append(copied.size()).append(" tensors copied");
    if (!resampled.isEmpty()) {
      text.append(", positions resampled");
    }
    if (functions > 0) {
      text.append(", ").append(functions).append(" of learnable functions new");
    }
    if (scores > 0) {
      text.append(", ").append(scores).append(" of steps of scores new");
    }
    if (head > 0) {
      text.append(", ").append(head).append(" of the classifier new");
    }
    return text.toString();
  }

  private void take(String name, String from, Tensor target, Model model, TensorFile source) {
    boolean head = isHead(name);
    if (!source.contains(from)) {
      if (!head && !isFunction(name) && !isOfScores(name)) {
        throw foreign(source, "tensor " + name + " is missing");
      }
      fresh.add(name);
      return;
    }
    long[] stored = source.shape(from);
    if (Arrays.equals(stored, target.shape())) {
      SoundCopy.into(target, source, from);
      copied.add(name);
    } else if (head) {
      fresh.add(name);
    } else if (isOtherGrid(name, stored, target)) {
      resample(source, target, model);
      resampled.add(name);
    } else if (isOtherChannels(name, stored, target)) {
      throw foreign(
          source,
          "tensor %s takes images of %d channels, the model takes %d"
              .formatted(name, stored[1], target.size(1)));
    } else {
      throw foreign(
          source,
          "tensor %s has the shape %s, the model needs %s"
              .formatted(name, Arrays.toString(stored), Arrays.toString(target.shape())));
    }
  }

  private static UserException foreign(TensorFile source, String what) {
    return new UserException(
        source.file() + ": " + what + ": these weights belong to another model");
  }

  private static boolean isHead(String name) {
    return HEADS.stream().anyMatch(name::startsWith);
  }

  private static boolean isFunction(String name) {
    return name.contains(".act1.") || name.contains(".act2.");
  }

  private static boolean isOfScores(String name) {
    return name.contains(".scores.");
  }

  /** The name that a tensor has in the source: its own, or that of the other code base. */
  private static String sourceName(String name, TensorFile source) {
    if (!source.contains(name) && isFunction(name)) {
      for (Naming from : Naming.values()) {
        for (Naming to : Naming.values()) {
          String other =
              name.replace(from.numerator(), to.numerator())
                  .replace(from.denominator(), to.denominator());
          if (source.contains(other)) {
            return other;
          }
        }
      }
    }
    return name;
  }

  private static boolean isOtherChannels(String name, long[] stored, Tensor target) {
    long[] needed = target.shape();
    return name.equals("patch_embed.proj.weight")
        && stored.length == needed.length
        && stored[0] == needed[0]
        && stored[1] != needed[1]
        && stored[2] == needed[2]
        && stored[3] == needed[3];
  }

  static boolean isOtherGrid(String name, long[] stored, Tensor target) {
    return name.equals("pos_embed")
        && stored.length == 3
        && stored[0] == 1
        && stored[1] != target.size(1)
        && stored[2] == target.size(2);
  }

  /** Fits stored positions to the grid of a model. */
  static void resample(TensorFile source, Tensor target, Model model) {
    if (!(model instanceof VisionTransformer vit)) {
      throw new IllegalStateException("only vision transformers have positions");
    }
    try (Scope _ = Scope.open();
        var _ = Scope.noGradients()) {
      target.copy_(vit.resampled(source.read("pos_embed")));
      SoundCopy.checkFinite(target, source, "pos_embed");
    } catch (IllegalArgumentException notAGrid) {
      throw new UserException(source.file() + ": " + notAGrid.getMessage(), notAGrid);
    }
  }
}
