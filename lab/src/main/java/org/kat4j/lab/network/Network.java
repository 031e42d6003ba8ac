package org.kat4j.lab.network;

import org.bytedeco.pytorch.Tensor;
import org.kat4j.lab.Arm;
import org.kat4j.lab.Trial;
import org.kat4j.torch.Context;
import org.kat4j.torch.DType;
import org.kat4j.torch.Device;
import org.kat4j.torch.Part;
import org.kat4j.torch.Pass;
import org.kat4j.torch.RandomStream;
import org.kat4j.torch.Scope;
import org.kat4j.torch.StateDict;

/** A network from rows {@code [rows, in]} to {@code [rows, out]}. */
public interface Network extends Part {
  Tensor forward(Tensor x, Pass pass);

  /** The network of a trial's arm, in float32, from the trial's seed. */
  static Network of(Trial trial, int inputs, int outputs) {
    var random = new RandomStream(trial.seed());
    return ((Spec) trial.arm().spec())
        .build(
            inputs,
            outputs,
            new Context(trial.place().device(), DType.FLOAT32, random, 0, 1, true));
  }

  /** A network as data: a record whose text names everything that determines it. */
  interface Spec {
    Network build(int in, int out, Context context);

    /**
     * Floating-point operations of one row; a multiply-add counts two. Fixed activations are
     * counted as KANbeFair does, a basis once for every input of a layer.
     */
    double flops(int in, int out);

    /** Trained numbers, counted on the network itself; no memory is taken for them. */
    default long parameters(int in, int out) {
      try (Scope _ = Scope.open()) {
        return StateDict.parameterCount(build(in, out, Context.cpu(0).withDevice(Device.META)));
      }
    }

    /** The network as an arm of a study. */
    default Arm arm(String name, String what, int in, int out) {
      return new Arm(name, what, (Record) this, parameters(in, out), flops(in, out));
    }
  }
}
