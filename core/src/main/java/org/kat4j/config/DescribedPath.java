package org.kat4j.config;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.kat4j.config.ValueType.Group;
import org.kat4j.config.ValueType.ListOf;
import org.kat4j.error.NearestName;

/**
 * What a path of a configuration leads to, for people: {@code optimizer}, {@code optimizer.lr}, or
 * through the name of a kind {@code optimizer.sgd.momentum}.
 */
public final class DescribedPath {
  private final StringBuilder text = new StringBuilder();

  private DescribedPath() {}

  /**
   * A table of the keys there, below the kinds to choose from.
   *
   * @param root all defaults
   * @param path keys and kinds, empty for the top
   * @throws org.kat4j.error.UserException where it leads nowhere, with the nearest that does
   */
  public static String describe(Record root, String path) {
    DescribedPath out = new DescribedPath();
    out.walk(path, new Group(root.getClass()), root);
    return out.text.toString();
  }

  private void walk(String path, Group top, Record root) {
    Group slot = top;
    Record record = root;
    String reached = "";
    String sentence = "";
    List<String> steps = path.isEmpty() ? List.of() : List.of(path.split("\\.", -1));
    for (int i = 0; i < steps.size(); i++) {
      String step = steps.get(i);
      String here = reached.isEmpty() ? step : reached + "." + step;
      Map<String, Record> kinds = Description.alternatives(slot, record);
      Optional<Description.Field> field = field(record, step);
      if (field.isEmpty() && kinds.containsKey(step)) {
        record = kinds.get(step);
        slot = new Group(record.getClass());
        sentence = "";
      } else if (field.isPresent() && group(field.get()).isPresent()) {
        slot = group(field.get()).get();
        record = valueIn(field.get(), slot);
        sentence = field.get().sentence();
      } else if (field.isPresent() && i == steps.size() - 1) {
        table("", List.of(field.get()));
        return;
      } else if (field.isPresent()) {
        throw NearestName.unknown("path", path, List.of(here));
      } else {
        throw unknown(path, reached, record, kinds);
      }
      reached = here;
    }
    group(reached, sentence, slot, record);
  }

  private static RuntimeException unknown(
      String path, String reached, Record record, Map<String, Record> kinds) {
    String before = reached.isEmpty() ? "" : reached + ".";
    List<String> known = new ArrayList<>();
    Description.of(record).fields().forEach(field -> known.add(before + field.name()));
    kinds.keySet().forEach(kind -> known.add(before + kind));
    return NearestName.unknown("path", path, known);
  }

  private static Optional<Description.Field> field(Record record, String name) {
    return Description.of(record).fields().stream().filter(f -> f.name().equals(name)).findFirst();
  }

  /** The slot of a field, or of the elements of a list. */
  private static Optional<Group> group(Description.Field field) {
    return switch (field.type()) {
      case Group slot -> Optional.of(slot);
      case ListOf(Group slot) -> Optional.of(slot);
      default -> Optional.empty();
    };
  }

  private static Record valueIn(Description.Field field, Group slot) {
    return field.value() instanceof Record record ? record : Description.first(slot);
  }

  private void group(String path, String sentence, Group slot, Record record) {
    Optional<String> kind = Description.kindOf(record);
    if (!path.isEmpty()) {
      line(sentence.isEmpty() ? path : path + ": " + sentence);
    }
    if (!slot.kinds().isEmpty()) {
      line("kinds: " + String.join(", ", slot.kinds().keySet()));
    }
    if (slot.hasPresets()) {
      line("or a name, alone or as preset: " + presets(slot));
    }
    if (!slot.kinds().isEmpty()) {
      kind.ifPresent(own -> line("without a kind: " + own + "; its keys:"));
    }
    Description description = Description.of(record);
    table(description.sentence(), description.fields());
  }

  private static String presets(Group slot) {
    return slot.presets().isEmpty() ? "a text" : String.join(", ", slot.presets());
  }

  private void table(String title, List<Description.Field> fields) {
    if (!title.isEmpty()) {
      line(title);
    }
    List<List<String>> rows = new ArrayList<>();
    rows.add(List.of("key", "type", "default", "range", "meaning"));
    for (Description.Field field : fields) {
      rows.add(
          List.of(
              field.name(),
              field.type().describe(),
              field.spelling(),
              field.range().map(Range::describe).orElse(""),
              field.sentence()));
    }
    int[] widths = new int[4];
    for (List<String> row : rows) {
      for (int i = 0; i < widths.length; i++) {
        widths[i] = Math.max(widths[i], row.get(i).length());
      }
    }
    for (List<String> row : rows) {
      StringBuilder cells = new StringBuilder();
      for (int i = 0; i < widths.length; i++) {
        cells.append(row.get(i)).repeat(' ', widths[i] - row.get(i).length() + 2);
      }
      line(cells.append(row.getLast()).toString());
    }
  }

  private void line(String words) {
    text.append(words.stripTrailing()).append('\n');
  }
}
