package org.kat4j.cli;

import static com.tngtech.archunit.base.DescribedPredicate.describe;
import static com.tngtech.archunit.base.DescribedPredicate.not;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.Architectures.layeredArchitecture;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.importer.ImportOption.DoNotIncludeTests;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchCondition;
import com.tngtech.archunit.lang.ArchRule;
import com.tngtech.archunit.lang.ConditionEvents;
import com.tngtech.archunit.lang.SimpleConditionEvent;
import com.tngtech.archunit.library.Architectures.LayeredArchitecture;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.NullMarked;
import org.kat4j.train.CommonTasks;
import org.kat4j.train.TrainConfig;

/** The shape of the house: which package may use which, and where native code may be touched. */
@AnalyzeClasses(packages = "org.kat4j", importOptions = DoNotIncludeTests.class)
class ArchitectureTest {
  private static final String[] CORE = {
    "error",
    "config",
    "torch",
    "kernel",
    "function",
    "attention",
    "token",
    "channel",
    "convolution",
    "recurrent",
    "block",
    "model",
    "optim",
    "parity"
  };
  private static final String[] TRAIN = {"image", "augment", "data", "hub", "web", "task", "train"};

  /** Each package below {@code org.kat4j} and the packages it may use. A new one is a line here. */
  private static Map<String, List<String>> rooms() {
    var rooms = new LinkedHashMap<String, List<String>>();
    rooms.put("error", List.of());
    rooms.put("config", List.of("error"));
    rooms.put("torch", List.of("error", "config"));
    rooms.put("kernel", plus(rooms, "torch"));
    rooms.put("function", plus(rooms, "kernel"));
    rooms.put("attention", plus(rooms, "function"));
    rooms.put("token", plus(rooms, "attention"));
    rooms.put("channel", plus(rooms, "function"));
    rooms.put("convolution", plus(rooms, "function"));
    rooms.put("recurrent", plus(rooms, "torch"));
    rooms.put("block", plus(rooms, "token", "channel"));
    rooms.put("model", plus(rooms, "block", "convolution", "recurrent"));
    rooms.put("optim", plus(rooms, "kernel"));
    rooms.put("parity", plus(rooms, "model", "optim"));
    rooms.put("image", List.of(CORE));
    rooms.put("augment", plus(rooms, "image"));
    rooms.put("data", plus(rooms, "augment"));
    rooms.put("tokenizers", plus(rooms, "data"));
    rooms.put("hub", plus(rooms, "data"));
    rooms.put("web", List.of(CORE));
    rooms.put("task", plus(rooms, "data"));
    rooms.put("train", plus(rooms, "task"));
    rooms.put("explain", both(CORE, TRAIN));
    rooms.put("tables", plus(rooms, "explain"));
    rooms.put("lab", plus(rooms, "tables"));
    rooms.put("serve", both(CORE, TRAIN));
    rooms.put("bench", plus(rooms, "serve", "tables"));
    rooms.put("cli", plus(rooms, "bench", "lab"));
    return rooms;
  }

  /** The named rooms and all that they may use themselves. */
  private static List<String> plus(Map<String, List<String>> rooms, String... names) {
    var below = new ArrayList<>(List.of(names));
    for (String name : names) {
      below.addAll(rooms.getOrDefault(name, List.of()));
    }
    return below.stream().distinct().toList();
  }

  private static List<String> both(String[] some, String[] others) {
    return Stream.concat(Arrays.stream(some), Arrays.stream(others)).toList();
  }

  @ArchTest static final ArchRule arrowsGoDown = arrowsGoDown();

  private static ArchRule arrowsGoDown() {
    LayeredArchitecture layers =
        layeredArchitecture().consideringOnlyDependenciesInLayers().withOptionalLayers(true);
    for (String room : rooms().keySet()) {
      layers = layers.layer(room).definedBy("org.kat4j." + room + "..");
    }
    for (Map.Entry<String, List<String>> room : rooms().entrySet()) {
      var layer = layers.whereLayer(room.getKey());
      layers =
          room.getValue().isEmpty()
              ? layer.mayNotAccessAnyLayer()
              : layer.mayOnlyAccessLayers(room.getValue().toArray(String[]::new));
    }
    return layers.ensureAllClassesAreContainedInArchitecture();
  }

  @ArchTest
  static final ArchRule noCycles = slices().matching("org.kat4j.(*)..").should().beFreeOfCycles();

  @ArchTest
  static final ArchRule kindsOfTasksDoNotSeeEachOther =
      slices().matching("org.kat4j.task.(*)..").should().notDependOnEachOther();

  @ArchTest
  static final ArchRule tasksDoNotSeeTheirKinds =
      noClasses()
          .that()
          .resideInAPackage("org.kat4j.task")
          .should()
          .dependOnClassesThat()
          .resideInAPackage("org.kat4j.task.(*)..");

  @ArchTest
  static final ArchRule theLoopKnowsNoTask =
      noClasses()
          .that()
          .resideInAPackage("org.kat4j.train..")
          .and()
          .doNotBelongToAnyOf(CommonTasks.class, TrainConfig.class)
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage("org.kat4j.task.(*)..", "org.kat4j.augment..")
          .because("one loop trains every task: only the list of them and the default name any");

  @ArchTest
  static final ArchRule libtorchStaysInCore =
      noClasses()
          .that()
          .resideOutsideOfPackages(packages(CORE))
          .should()
          .dependOnClassesThat(resideInAPackage("org.bytedeco..").and(not(belongTo(Tensor.class))))
          .because("everything but the Tensor type goes through org.kat4j.torch");

  @ArchTest
  static final ArchRule vectorApiStaysInKernels =
      noClasses()
          .that()
          .resideOutsideOfPackage("org.kat4j.kernel..")
          .should()
          .dependOnClassesThat()
          .resideInAPackage("jdk.incubator.vector..")
          .because("an incubating API changes with the JDK: one package to change");

  @ArchTest
  static final ArchRule noDrawersForOddments =
      noClasses()
          .should()
          .resideInAnyPackage("..util..", "..common..", "..misc..", "..helper..")
          .because("a package is named after its idea");

  @ArchTest
  static final ArchRule nullsAreDeclared =
      classes().should(resideInNullMarkedPackage()).because("NullAway checks marked packages only");

  /** The type itself and arrays of it. */
  private static DescribedPredicate<JavaClass> belongTo(Class<?> allowed) {
    return describe(
        "are or hold " + allowed.getSimpleName(),
        type -> type.getBaseComponentType().isEquivalentTo(allowed));
  }

  private static String[] packages(String... rooms) {
    return Arrays.stream(rooms).map(room -> "org.kat4j." + room + "..").toArray(String[]::new);
  }

  private static ArchCondition<JavaClass> resideInNullMarkedPackage() {
    return new ArchCondition<>("reside in a @NullMarked package") {
      @Override
      public void check(JavaClass type, ConditionEvents events) {
        if (!type.getPackage().isAnnotatedWith(NullMarked.class)) {
          events.add(
              SimpleConditionEvent.violated(
                  type, type.getName() + ": its package has no @NullMarked package-info.java"));
        }
      }
    };
  }
}
