package org.kat4j.lab;

import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import org.kat4j.torch.Device;

/**
 * Where trials run.
 *
 * @param device that trains
 * @param dataRoot folder with the published data sets, null to look in the cache only
 */
public record Workplace(Device device, @Nullable Path dataRoot) {}
