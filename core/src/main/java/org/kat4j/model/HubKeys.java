package org.kat4j.model;

import org.kat4j.channel.Mlp;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** The keys of a {@code config.json} of transformers, checked as they are read. */
record HubKeys(ObjectNode config) {
  Mlp.Activation activation(String key) {
    String name = config.path(key).asString("");
    return switch (name) {
      case "gelu" -> Mlp.Activation.GELU;
      case "gelu_new", "gelu_pytorch_tanh" -> Mlp.Activation.GELU_TANH;
      case "silu", "swish" -> Mlp.Activation.SILU;
      case "relu" -> Mlp.Activation.RELU;
      default -> throw notBuilt(key, name, "gelu, gelu_new, silu and relu");
    };
  }

  /** The name of an activation, as {@link #activation} reads it. */
  static String name(Mlp.Activation activation) {
    return switch (activation) {
      case GELU -> "gelu";
      case GELU_TANH -> "gelu_new";
      case SILU -> "silu";
      case RELU -> "relu";
      case SQUARED_RELU -> "relu2"; // which is not read
    };
  }

  int whole(String key) {
    JsonNode value = config.path(key);
    if (!value.isIntegralNumber() || !value.canConvertToInt() || value.intValue() < 1) {
      throw new IllegalArgumentException(key + ": a whole number of 1 or more is expected");
    }
    return value.intValue();
  }

  int whole(String key, int otherwise) {
    return config.path(key).isNumber() ? whole(key) : otherwise;
  }

  double number(String key, double otherwise) {
    return config.path(key).asDouble(otherwise);
  }

  void mustBe(String key, boolean wanted) {
    if (config.path(key).asBoolean(wanted) != wanted) {
      throw notBuilt(key, String.valueOf(!wanted), String.valueOf(wanted));
    }
  }

  static IllegalArgumentException notBuilt(String key, String value, String known) {
    return new IllegalArgumentException(
        key + " = " + value + ": " + known + " is what kat4j builds");
  }
}
