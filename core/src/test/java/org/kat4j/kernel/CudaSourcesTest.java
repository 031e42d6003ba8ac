package org.kat4j.kernel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What can be known of the GPU kernels without a GPU. */
class CudaSourcesTest {
  /** A compiler at run time has no folder to look into; a type twice would not compile. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "rational.cu",
        "splines.cu",
        "bumps.cu",
        "norm.cu",
        "sums.cu",
        "crossentropy.cu",
        "decode.cu"
      })
  void whatASourceIncludesIsInItOnce(String resource) {
    String source = CudaProgram.source(resource);
    assertThat(source).doesNotContain("#include").containsOnlyOnce("enum ElementType");
  }

  @Test
  void anIncludedFileStandsWhereItIsNamed() {
    String source = CudaProgram.source("bumps.cu");
    assertThat(source.indexOf("enum ElementType"))
        .isPositive()
        .isLessThan(source.indexOf("struct Place"));
    assertThat(source.indexOf("struct Place")).isLessThan(source.indexOf("struct Bumps"));
  }

  @Test
  void compiledCodeIsNamedByAllThatItDependsOn() {
    String name = CudaProgram.hash("text", List.of("-DWIDTH=4"), "13.1");
    assertThat(name)
        .isEqualTo(CudaProgram.hash("text", List.of("-DWIDTH=4"), "13.1"))
        .isNotEqualTo(CudaProgram.hash("text", List.of("-DWIDTH=4"), "13.2"))
        .isNotEqualTo(CudaProgram.hash("text", List.of("-DWIDTH=8"), "13.1"))
        .isNotEqualTo(CudaProgram.hash("other", List.of("-DWIDTH=4"), "13.1"));
  }

  @Test
  void aSourceThatIsNotThereIsNamed() {
    assertThatThrownBy(() -> CudaProgram.source("none.cu")).hasMessageContaining("none.cu");
  }

  @Test
  void offsetsIntoTheTableOfTheRationalFitSixteenBits() {
    assertThat(CudaRational.BackwardBlocks.TABLE_BYTES).isPositive().isLessThan(1 << 16);
  }

  /** Narrow groups share a block of the rational's backward kernel, as evenly as they can. */
  @ParameterizedTest
  @CsvSource({
    // type, elements of a pack, packs of a group, groups, groups of a block, stages
    "FLOAT32, 4, 6, 8, 8, 0", // kat_tiny's 192 channels
    "FLOAT32, 4, 12, 8, 4, 0",
    "FLOAT32, 4, 12, 5, 3, 0", // 3 and 2, not 4 and 1
    "FLOAT32, 4, 48, 8, 1, 0",
    "FLOAT32, 4, 300, 8, 1, 0",
    "BFLOAT16, 8, 3, 8, 2, 4",
    "BFLOAT16, 8, 6, 8, 2, 5",
    "BFLOAT16, 8, 48, 8, 2, 5",
    "BFLOAT16, 8, 193, 8, 1, 5", // two are more than a block's threads
    "BFLOAT16, 8, 3, 5, 2, 4",
    "BFLOAT16, 8, 12, 5, 1, 5",
    "BFLOAT16, 8, 3, 1, 1, 4",
    "BFLOAT16, 4, 3, 8, 8, 0",
    "FLOAT16, 8, 12, 8, 2, 4",
    "FLOAT64, 2, 12, 8, 1, 0"
  })
  void narrowGroupsShareABlock(
      CudaElement element, int width, int runPacks, int groups, int span, int stages) {
    var blocks = CudaRational.BackwardBlocks.of(element, width, runPacks, groups);
    assertThat(blocks.span()).isEqualTo(span);
    assertThat(blocks.stages()).isEqualTo(stages);
    assertThat(span == 1 || span * runPacks <= blocks.threads()).isTrue();
  }

  /** 48 KiB hold the knots of 32 inputs and, for each warp, 32 times the values of an input. */
  @ParameterizedTest
  @CsvSource({
    // x, values, knots and those beyond the ends, values of an input, warps
    "FLOAT32, FLOAT32, 18, 9, 8", // 2304 + 8 * 1152
    "FLOAT32, BFLOAT16, 18, 9, 8",
    "FLOAT64, FLOAT64, 18, 9, 8", // 4608 + 8 * 2304
    "FLOAT32, FLOAT32, 60, 51, 4", // 7680 + 4 * 6528 = 33792, with 8: 59904
    "FLOAT64, FLOAT64, 60, 51, 2", // 15360 + 2 * 13056 = 41472
    "FLOAT32, FLOAT32, 196, 188, 1", // 25088 + 24064 = 49152
    "FLOAT32, FLOAT32, 197, 188, 0",
    "FLOAT32, FLOAT32, 1020, 1000, 0",
    "FLOAT32, FLOAT64, 18, 9, 0", // no mixture with float64
    "FLOAT64, BFLOAT16, 18, 9, 0"
  })
  void aBlockHasAsManyWarpsAsSharedMemoryHolds(
      CudaElement x, CudaElement values, int paddedKnots, int perInput, int warps) {
    assertThat(CudaBasis.warps(x, values, paddedKnots * CudaBasis.COLUMNS, perInput))
        .isEqualTo(warps);
  }

  @ParameterizedTest
  @CsvSource({
    "BFLOAT16, 64, 0, 8",
    "BFLOAT16, 12, 0, 4",
    "BFLOAT16, 63, 0, 1",
    "FLOAT32, 64, 0, 4",
    "FLOAT32, 64, 8, 2",
    "FLOAT64, 7, 0, 1"
  })
  void packsDivideRunsAndAddresses(CudaElement element, long run, long address, int width) {
    assertThat(element.width(run, address)).isEqualTo(width);
  }

  /** A thread has at most 16 elements of a row, unless a whole warp has too few threads. */
  @ParameterizedTest
  @CsvSource({
    // width, pack, threads of a row, elements of a thread
    "384, 4, 32, 12",
    "192, 4, 16, 12",
    "768, 4, 32, 24",
    "24, 4, 2, 12",
    "8, 4, 2, 4",
    "1, 1, 1, 1",
    "1000, 4, 32, 32", // 7.8 packs
    "100, 4, 8, 16", // 25 packs: 1, 2 and 4 threads would have 28 and more
    "384, 8, 32, 16" // 16 threads would have 24
  })
  void rowsAreSharedByAsManyThreadsAsDivideThem(int width, int pack, int lanes, int elements) {
    CudaNorm.Rows rows = CudaNorm.Rows.of(width, pack);
    assertThat(rows.lanes()).isEqualTo(lanes);
    assertThat(rows.elements()).isEqualTo(elements);
  }

  @ParameterizedTest
  @CsvSource({
    "FLOAT32, 1024, 4, true",
    "FLOAT32, 1028, 4, false",
    "FLOAT32, 33, 1, true",
    "BFLOAT16, 1024, 8, true",
    "FLOAT64, 512, 2, true",
    "FLOAT64, 514, 2, false"
  })
  void rowsFitIntoRegisters(CudaElement x, int width, int pack, boolean fit) {
    assertThat(CudaNorm.Rows.of(width, pack).fit(x)).isEqualTo(fit);
  }
}
