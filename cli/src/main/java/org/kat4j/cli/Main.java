package org.kat4j.cli;

import java.io.IOException;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.function.BooleanSupplier;
import org.kat4j.error.OneLine;
import org.kat4j.error.UserException;
import picocli.AutoComplete.GenerateCompletion;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.HelpCommand;
import picocli.CommandLine.IVersionProvider;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.RunLast;
import picocli.CommandLine.ScopeType;
import picocli.CommandLine.Spec;
import picocli.CommandLine.UnmatchedArgumentException;

/**
 * The {@code kat4j} command.
 *
 * <p>Exit codes: 0 done, 1 a fault of kat4j or of the machine, 2 a mistake of the user. Both kinds
 * of failure end in one line on stderr; {@code --debug} adds the stack trace.
 *
 * <p>A new command is a class in this package with its name in {@code subcommands}. Every start
 * constructs all of them, so a command touches libtorch only once it runs.
 */
@Command(
    name = "kat4j",
    description = "Kolmogorov-Arnold Transformers: build, train, compare, explain.",
    mixinStandardHelpOptions = true,
    versionProvider = Main.Version.class,
    subcommands = {
      TrainCommand.class,
      EvalCommand.class,
      PredictCommand.class,
      GenerateCommand.class,
      ReportCommand.class,
      BoardCommand.class,
      ServeCommand.class,
      FitCommand.class,
      ConvertCommand.class,
      ImportanceCommand.class,
      ConfigCommand.class,
      ModelsCommand.class,
      DataCommand.class,
      ParityCommand.class,
      BenchCommand.class,
      LabCommand.class,
      DoctorCommand.class,
      HelpCommand.class
    })
public final class Main implements Runnable {
  private static final int FAULT = 1;
  static final int USER_MISTAKE = 2;

  private static final Path STANDARD_OUTPUT = Path.of("/proc/self/fd/1");
  private static final String LOG_FORMAT = "java.util.logging.SimpleFormatter.format";

  @Spec
  @SuppressWarnings("NullAway.Init") // set by picocli
  private CommandSpec spec;

  @Option(
      names = "--debug",
      scope = ScopeType.INHERIT,
      description = "Show the stack trace when a command fails.")
  private boolean debug;

  public static void main(String[] args) {
    System.exit(run(Main::isPipe, commandLine(), args));
  }

  /** The whole command tree, not yet run. */
  static CommandLine commandLine() {
    return new CommandLine(new Main()).addSubcommand("completion", new GenerateCompletion());
  }

  /** Parses and runs; returns the exit code and lets nothing escape. */
  static int run(CommandLine root, String... args) {
    return run(() -> false, root, args);
  }

  /**
   * @param mayEnd whether output that nobody reads any more is no failure
   */
  private static int run(BooleanSupplier mayEnd, CommandLine root, String... args) {
    Locale.setDefault(Locale.ROOT); // numbers in files and on the screen are the same everywhere
    logPlainly();
    PrintStream out = System.out;
    PrintStream err = System.err;
    root.getOut(); // help keeps its colours: made before the stream is exchanged
    System.setOut(Plain.to(out));
    System.setErr(Plain.to(err));
    try {
      int code = execute(root, args);
      root.getOut().flush();
      System.out.flush();
      if (out.checkError() && !mayEnd.getAsBoolean()) {
        root.getErr().println("kat4j: the output could not be written in full");
        root.getErr().flush();
        return Math.max(code, FAULT);
      }
      return code;
    } finally {
      System.setOut(out);
      System.setErr(err);
    }
  }

  /** Whether output goes to a pipe, which fails only once its reader has seen enough. */
  private static boolean isPipe() {
    try {
      return Files.readSymbolicLink(STANDARD_OUTPUT).toString().startsWith("pipe:");
    } catch (IOException | RuntimeException otherSystem) {
      return false;
    }
  }

  private static int execute(CommandLine root, String... args) {
    root.setExecutionStrategy(new RunLast()); // one made before would bring the old streams back
    root.setParameterExceptionHandler((mistake, rest) -> explain(mistake));
    root.setExecutionExceptionHandler((failure, command, parsed) -> report(failure, root));
    try {
      return root.execute(args);
    } catch (Error failure) { // out of memory, natives that do not load: picocli passes these on
      return report(failure, root);
    }
  }

  /** A warning is one line, as all else that is said on stderr. */
  private static void logPlainly() {
    if (System.getProperty(LOG_FORMAT) == null) {
      System.setProperty(LOG_FORMAT, "kat4j: %5$s%n");
    }
  }

  /** {@code kat4j} alone is a request for help. */
  @Override
  public void run() {
    CommandLine commands = spec.commandLine();
    commands.usage(commands.getOut());
  }

  private static int explain(ParameterException mistake) {
    String command = mistake.getCommandLine().getCommandSpec().qualifiedName();
    PrintWriter err = mistake.getCommandLine().getErr();
    err.println("kat4j: " + firstLine(mistake) + suggestion(mistake));
    err.println("Try '" + command + " --help'.");
    return USER_MISTAKE;
  }

  private static String suggestion(ParameterException mistake) {
    List<String> similar =
        mistake instanceof UnmatchedArgumentException unmatched
            ? unmatched.getSuggestions()
            : List.of();
    // The nearest comes first; the others are often far off.
    return similar.isEmpty() ? "" : "; did you mean " + similar.getFirst() + "?";
  }

  private static int report(Throwable thrown, CommandLine root) {
    Throwable failure = Limits.explained(thrown);
    boolean userMistake =
        failure instanceof UserException || failure instanceof InvalidPathException;
    boolean debug = root.<Main>getCommand().debug;
    PrintWriter err = root.getErr();
    String hint = userMistake || debug ? "" : " (run with --debug to see where)";
    err.println("kat4j: " + (userMistake ? firstLine(failure) : describe(failure)) + hint);
    if (debug) {
      thrown.printStackTrace(err);
    }
    err.flush();
    return userMistake ? USER_MISTAKE : FAULT;
  }

  private static String describe(Throwable failure) {
    String type = failure.getClass().getSimpleName();
    String message = firstLine(failure);
    return message.isEmpty() ? type : type + ": " + message;
  }

  /** libtorch puts a C++ stack behind the first line of its messages. */
  private static String firstLine(Throwable failure) {
    String message = Objects.requireNonNullElse(failure.getMessage(), "");
    return OneLine.of(message.lines().findFirst().orElse(""));
  }

  /** Reads the version from the manifest of the jar that this class came in. */
  static final class Version implements IVersionProvider {
    @Override
    public String[] getVersion() {
      String version = Main.class.getPackage().getImplementationVersion();
      return new String[] {
        "kat4j " + (version == null ? "(not packaged)" : version) + ", Java " + Runtime.version()
      };
    }
  }
}
