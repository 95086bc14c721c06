/** Fakes, models and recorders that tests of several packages share. Reviewed like production code, never shipped. */
package org.scoutfs.testkit;
