/**
 * Models for tables: networks and their training, classical baselines, what is measured of them.
 */
@NullMarked
package org.kat4j.tables.model;

import org.jspecify.annotations.NullMarked;
