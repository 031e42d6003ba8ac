package org.kat4j.explain.board;

import java.util.List;
import java.util.Map;
import java.util.SequencedMap;
import org.kat4j.explain.report.Run;

/**
 * The runs of a folder at one moment.
 *
 * @param runs by name
 * @param damaged what is wrong with those that cannot be read, by name
 */
record RunList(SequencedMap<String, Run> runs, Map<String, String> damaged) {

  /** Those of these names; all where none is named. */
  List<Run> chosen(List<String> names) {
    return names.isEmpty()
        ? List.copyOf(runs.values())
        : names.stream().filter(runs::containsKey).map(runs::get).toList();
  }
}
