/**
 * Each decoder against bytes that nobody planned: a value or a {@link org.scoutfs.base.CorruptionException}, in bounded time and
 * memory.
 *
 * <p>{@link org.scoutfs.fuzz.FuzzIT} runs every {@link org.scoutfs.fuzz.FuzzTarget} that it lists in a JVM of its own under Jazzer, which
 * follows the branches that inputs reach. The seeds are well-formed bytes made by our own encoders, so that mutations get past
 * checksums: targets that check one mend it first ("as an attacker would").
 */
@NullMarked
package org.scoutfs.fuzz;

import org.jspecify.annotations.NullMarked;
