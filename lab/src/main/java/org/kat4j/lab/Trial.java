package org.kat4j.lab;

import java.nio.file.Path;

/**
 * One training of one arm.
 *
 * @param arm the contestant
 * @param rate learning rate, or whatever the study tunes
 * @param seed of initial weights and of the order of the data
 * @param last whether this is a run with the chosen rate, whose test score counts; otherwise it
 *     tunes, and must not look at test data
 * @param place device and data
 * @param folder where the trial may keep checkpoints to go on from; removed once it is done
 */
public record Trial(Arm arm, double rate, long seed, boolean last, Workplace place, Path folder) {}
