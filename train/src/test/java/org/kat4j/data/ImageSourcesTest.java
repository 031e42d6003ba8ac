package org.kat4j.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.kat4j.error.UserException;

class ImageSourcesTest {
  @TempDir private Path root = Path.of("");

  @Test
  void opensTheBuiltInSet() {
    ImageData data = ImageSources.open("strokes", null, null);
    assertThat(data.name()).isEqualTo("strokes");
    assertThat(data.description()).contains("synthetic");
  }

  @Test
  void listsWhatIsKnownWithoutOpeningIt() {
    assertThat(ImageSources.known(root))
        .extracting(SourceInfo::name)
        .containsExactly("strokes", "mnist", "fashion-mnist", "cifar10");
    assertThat(ImageSources.known(root).getFirst().available()).isTrue();
  }

  @Test
  void namesTheChoicesWhenTheNameIsUnknown() {
    for (String name : new String[] {"fashion", "no/such/folder", "nul\0"}) {
      assertThatThrownBy(() -> ImageSources.open(name, root, null))
          .isInstanceOf(UserException.class)
          .hasMessageContaining("use strokes, mnist, fashion-mnist, cifar10 or the path");
    }
  }
}
