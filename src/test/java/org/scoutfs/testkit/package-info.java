/**
 * What the tests are made of: fakes, models, generators, recording and failing devices. Reviewed like production code, never
 * shipped.
 *
 * <p>{@link org.scoutfs.testkit.SeededTest} runs a method once per seed and prints the line that repeats a failure.
 * {@link org.scoutfs.testkit.Sometimes} makes the rare common. {@link org.scoutfs.testkit.Profile} says how much a run may cost.
 * {@code docs/testing.md} tells which kinds of test there are and what each of them shows; {@code docs/fault-model.md} what
 * the fakes inject.
 */
@NullMarked
package org.scoutfs.testkit;

import org.jspecify.annotations.NullMarked;
