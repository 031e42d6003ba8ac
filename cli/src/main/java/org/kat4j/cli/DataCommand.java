package org.kat4j.cli;

import java.util.List;
import java.util.concurrent.Callable;
import org.kat4j.data.ImageSources;
import org.kat4j.data.SourceInfo;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** {@code kat4j data}. */
@Command(
    name = "data",
    mixinStandardHelpOptions = true,
    description =
        "Lists the data sets that have a name and says where they are or what is missing.")
final class DataCommand implements Callable<Integer> {
  @Mixin private final DataOptions options = new DataOptions();
  @Mixin private final JsonOption json = new JsonOption();

  /** What {@code --json} prints. */
  private record Summary(int dataSets, int available) {}

  @Override
  public Integer call() {
    List<SourceInfo> all = ImageSources.known(options.root());
    for (SourceInfo set : all) {
      System.out.printf(
          "%-14s %s, %d + %d images, %d x %d x %d%n",
          set.name(),
          set.what(),
          set.trainImages(),
          set.validationImages(),
          set.channels(),
          set.height(),
          set.width());
      System.out.printf(
          "%-14s %s%n", "", (set.available() ? "here: " : "not here: ") + set.where());
    }
    System.out.printf("%-14s train/CLASS/*.png|jpg and val/CLASS/*.png|jpg%n", "any folder");
    json.print(new Summary(all.size(), (int) all.stream().filter(SourceInfo::available).count()));
    return 0;
  }
}
