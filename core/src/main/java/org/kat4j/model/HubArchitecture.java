package org.kat4j.model;

import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.Set;
import java.util.stream.Stream;
import org.bytedeco.pytorch.Tensor;
import org.kat4j.error.NearestName;
import org.kat4j.torch.Place;
import org.kat4j.torch.RenamedTensors;
import org.kat4j.torch.TensorFile;
import tools.jackson.databind.node.ObjectNode;

/**
 * A model of Hugging Face's transformers, by the architecture that {@code config.json} names: what
 * it is here, and where its tensors lie.
 */
public sealed interface HubArchitecture permits HubLanguage, HubImage {
  /** As {@code config.json} names it. */
  String architecture();

  /**
   * The model of a {@code config.json}.
   *
   * @throws org.kat4j.error.UserException where it asks for something that is not built, in one
   *     line
   */
  Model.Spec spec(ObjectNode config);

  /** Where the tensors of the model lie as they are written, by their names here. */
  SequencedMap<String, Place> places(Model.Spec spec);

  /** What the names of one tensor in files of all times have in common. */
  String canonical(String stored);

  /** Whether a tensor of a file says nothing about the model. */
  boolean isLeftOut(String stored, Model.Spec spec);

  /** Adds what files of this architecture hold although the model does not use it. */
  default void addUnused(SequencedMap<String, Tensor> theirs, Model.Spec spec) {}

  /**
   * The tensors of a file under their names here. What has no place in the model keeps its name, so
   * that it can be refused.
   */
  default TensorFile tensors(TensorFile file, Model.Spec spec) {
    return new RenamedTensors(file, placesIn(file, spec));
  }

  /** Where the tensors of the model lie in this file. */
  default SequencedMap<String, Place> placesIn(TensorFile file, Model.Spec spec) {
    Map<String, String> given = new LinkedHashMap<>();
    file.names().forEach(name -> given.putIfAbsent(canonical(name), name));
    SequencedMap<String, Place> places = new LinkedHashMap<>();
    Set<String> used = new HashSet<>();
    places(spec)
        .forEach((ours, place) -> {
          if (place.names().stream().allMatch(name -> given.containsKey(canonical(name)))) {
            places.put(ours, place.renamed(name -> given.getOrDefault(canonical(name), name)));
            place.names().forEach(name -> used.add(given.get(canonical(name))));
          }
        });
    for (String name : file.names()) {
      if (!used.contains(name) && !isLeftOut(name, spec)) {
        places.putIfAbsent(name, Place.of(name));
      }
    }
    return places;
  }

  /** Every architecture that is known. */
  static List<HubArchitecture> all() {
    return Stream.<HubArchitecture[]>of(HubLanguage.values(), HubImage.values())
        .flatMap(Stream::of)
        .toList();
  }

  /**
   * The architecture of this name.
   *
   * @throws org.kat4j.error.UserException where it is not known, naming those that are
   */
  static HubArchitecture named(String name) {
    return all().stream()
        .filter(one -> one.architecture().equals(name))
        .findFirst()
        .orElseThrow(() ->
            NearestName.unknown(
                "architectures", name, all().stream().map(HubArchitecture::architecture).toList()));
  }

  /** The architecture that a {@code config.json} names; empty where it names none at all. */
  static Optional<HubArchitecture> of(ObjectNode config) {
    String name = config.path("architectures").path(0).asString("");
    return name.isEmpty() ? Optional.empty() : Optional.of(named(name));
  }
}
