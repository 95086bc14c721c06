/**
 * The rules about the sources themselves: who may import whom ({@link org.scoutfs.tidy.LayeringTest}) and what may not be
 * written at all ({@link org.scoutfs.tidy.TidyTest}). Each rule says what to write instead.
 */
@NullMarked
package org.scoutfs.tidy;

import org.jspecify.annotations.NullMarked;
