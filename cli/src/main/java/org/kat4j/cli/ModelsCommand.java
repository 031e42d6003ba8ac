package org.kat4j.cli;

import java.util.Locale;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import org.kat4j.config.Config;
import org.kat4j.model.Model;
import org.kat4j.model.Registered;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** {@code kat4j models}. */
@Command(
    name = "models",
    mixinStandardHelpOptions = true,
    description = "Lists the registered models, or shows the complete configuration of one.")
final class ModelsCommand implements Callable<Integer> {
  @Parameters(paramLabel = "NAME", arity = "0..1", description = "A model to show.")
  private @Nullable String name;

  @Mixin private final JsonOption json = new JsonOption();

  /** What {@code --json} prints. */
  private record Summary(int models) {}

  @Override
  public Integer call() {
    if (name != null) {
      Record spec = (Record) Model.Spec.named(name);
      System.out.print(Config.toYaml(spec));
      json.print(spec);
      return 0;
    }
    System.out.printf("%-32s %12s %8s  %s%n", "name", "parameters", "GMACs", "input and output");
    Registered.all()
        .forEach((model, spec) ->
            System.out.printf(
                Locale.ROOT,
                "%-32s %,12d %8.3f  %s%n",
                model,
                Registered.parameterCount(spec),
                spec.macs() / 1e9,
                spec.signature().describe()));
    json.print(new Summary(Registered.all().size()));
    return 0;
  }
}
