package org.kat4j.bench;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.OptionsBuilder;

/**
 * {@code ./mvnw -pl bench -am test -Dtest=RunBenchmarks -Djmh=RationalBenchmark
 * -Dsurefire.failIfNoSpecifiedTests=false} runs the JMH benchmarks whose name matches.
 */
class RunBenchmarks {
  @Test
  @EnabledIfSystemProperty(
      named = "jmh",
      matches = ".+",
      disabledReason = "run by hand: -Djmh=NAME")
  void run() throws RunnerException {
    var options =
        new OptionsBuilder()
            .include(System.getProperty("jmh"))
            .jvmArgsAppend("--add-modules=jdk.incubator.vector")
            .shouldFailOnError(true)
            .build();
    assertThat(new Runner(options).run()).isNotEmpty();
  }
}
