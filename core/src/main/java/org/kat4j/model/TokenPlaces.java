package org.kat4j.model;

import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.jspecify.annotations.Nullable;
import org.kat4j.torch.Context;
import org.kat4j.torch.Part;
import org.kat4j.torch.Registry;

/**
 * The tokens in front of a vision transformer's patches, and the positions of all: {@code [batch,
 * patches, width]} to {@code [batch, prefix + patches, width]}. In front stand class token,
 * distillation token and registers, in this order.
 */
final class TokenPlaces implements Part {
  private final VisionTransformer.Spec spec;
  private final @Nullable Tensor classToken; // [1, 1, width]
  private final @Nullable Tensor distillationToken; // [1, 1, width]
  private final @Nullable Tensor registers; // [1, registers, width]
  private final Tensor position; // [1, patches + tokens in front that have one, width]

  TokenPlaces(VisionTransformer.Spec spec, Context context) {
    this.spec = spec;
    int width = spec.width();
    classToken = spec.classToken() ? context.parameter(1, 1, width) : null;
    distillationToken = spec.distillationToken() ? context.parameter(1, 1, width) : null;
    registers = spec.registers() > 0 ? context.parameter(1, spec.registers(), width) : null;
    position = context.parameter(1, spec.patches() + spec.placedPrefixTokens(), width);
  }

  Tensor around(Tensor patches) {
    if (!spec.positionOfPrefix()) {
      return joined(patches.add(position), classToken, distillationToken, registers);
    }
    if (spec.positionOfRegisters()) {
      return joined(patches, classToken, distillationToken, registers).add(position);
    }
    Tensor placed = joined(patches, classToken, distillationToken).add(position);
    int front = spec.placedPrefixTokens();
    return joined(
        placed.narrow(1, front, spec.patches()),
        front == 0 ? null : placed.narrow(1, 0, front),
        registers);
  }

  /** What is there of these, before the patches. */
  private static Tensor joined(Tensor patches, @Nullable Tensor... front) {
    TensorVector all = new TensorVector();
    for (Tensor tokens : front) {
      if (tokens != null) {
        all.push_back(tokens.expand(patches.size(0), -1, -1));
      }
    }
    if (all.empty()) {
      return patches;
    }
    all.push_back(patches);
    return torch.cat(all, 1);
  }

  /** The tokens in front, as far as there are any. */
  List<Tensor> prefix() {
    return Stream.of(classToken, distillationToken, registers).filter(Objects::nonNull).toList();
  }

  Tensor position() {
    return position;
  }

  @Override
  public void register(Registry registry) {
    if (classToken != null) {
      registry.tensor("cls_token", classToken);
    }
    if (distillationToken != null) {
      registry.tensor("dist_token", distillationToken);
    }
    if (registers != null) {
      registry.tensor("reg_token", registers);
    }
    registry.tensor("pos_embed", position);
  }
}
