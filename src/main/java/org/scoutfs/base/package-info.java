/**
 * What every layer may use and what uses nothing: error numbers, the three kinds of exception, checks for our own bugs,
 * the clock, the dice, the counters, log lines that keep to a pace.
 *
 * <p>Three kinds of failure are kept apart here, because they end in different places. {@link org.scoutfs.base.FsException}
 * is an <em>answer</em>: an operation found no such name, and the caller is told. {@link java.io.IOException}, and its kind
 * {@link org.scoutfs.base.CorruptionException}, is an <em>accident</em>: a device failed or bytes are damaged.
 * {@link org.scoutfs.base.InvariantViolation} is <em>our bug</em>: the mount stops before it writes anything more.
 */
@NullMarked
package org.scoutfs.base;

import org.jspecify.annotations.NullMarked;
