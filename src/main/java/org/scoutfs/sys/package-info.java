/**
 * The operating system through {@code java.lang.foreign}: the only package that calls C.
 *
 * <p>{@link org.scoutfs.sys.NativeFile} reads and writes files past the page cache and asks block devices for their size.
 * {@link org.scoutfs.sys.NativeMemory} gets memory from the kernel. What fails becomes a
 * {@link org.scoutfs.sys.SystemCallException} that names the call, the object and the error; calls that a signal interrupts
 * are repeated here and nowhere else.
 *
 * <p>A downcall costs 10 to 30 ns more than the same call from C. The C library's {@code errno} of a call is captured by the
 * linker before the virtual machine can change it.
 */
@NullMarked
package org.scoutfs.sys;

import org.jspecify.annotations.NullMarked;
