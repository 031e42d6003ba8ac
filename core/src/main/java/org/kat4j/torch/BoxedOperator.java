package org.kat4j.torch;

import java.util.List;
import org.bytedeco.pytorch.Dispatcher;
import org.bytedeco.pytorch.GenericList;
import org.bytedeco.pytorch.IValue;
import org.bytedeco.pytorch.IValueVector;
import org.bytedeco.pytorch.ListType;
import org.bytedeco.pytorch.OperatorHandle;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.Type;
import org.jspecify.annotations.Nullable;

/**
 * An operator of libtorch that the presets do not map, called through its dispatcher.
 *
 * <p>Arguments, in the order of the operator's schema: tensors, lists of tensors, doubles, longs,
 * booleans, null for None.
 */
public final class BoxedOperator {
  private final OperatorHandle handle;

  /**
   * @param name for example {@code aten::_fused_adamw_}
   * @param overload "" for the operator without an overload name
   */
  public BoxedOperator(String name, String overload) {
    Host.start();
    handle = Dispatcher.singleton().findSchemaOrThrow(name, overload);
    handle.retainReference();
  }

  /** Calls the operator for its effect on its arguments. */
  public void call(@Nullable Object... arguments) {
    try (Scope _ = Scope.open()) {
      IValueVector _ = results(arguments);
    }
  }

  /** Calls an operator whose result is one list of tensors; they belong to the caller's scope. */
  public TensorVector tensors(@Nullable Object... arguments) {
    return results(arguments).get(0).toTensorVector();
  }

  private IValueVector results(@Nullable Object... arguments) {
    IValueVector stack = new IValueVector();
    for (Object argument : arguments) {
      stack.push_back(boxed(argument));
    }
    handle.callBoxed(stack);
    return stack;
  }

  private static IValue boxed(@Nullable Object argument) {
    return switch (argument) {
      case null -> new IValue();
      case Tensor tensor -> new IValue(tensor);
      case Double number -> new IValue(number);
      case Long number -> new IValue(number);
      case Boolean flag -> new IValue(flag);
      case List<?> tensors -> new IValue(list(tensors));
      default -> throw new IllegalArgumentException("no boxing for " + argument.getClass());
    };
  }

  private static GenericList list(List<?> tensors) {
    Type.TypePtr element = ListType.ofTensors().containedType(0);
    GenericList list = new GenericList(element);
    for (Object tensor : tensors) {
      list.push_back(new IValue((Tensor) tensor));
    }
    return list;
  }
}
