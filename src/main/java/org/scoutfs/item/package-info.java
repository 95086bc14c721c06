/**
 * The key schema, and the values of items: typed records to bytes and back. {@link org.scoutfs.item.Keys} makes and reads
 * keys; one class per kind of item encodes and decodes its value and trusts nothing that it decodes.
 *
 * <p>A key has 27 bytes, {@code zone u8, first u64, type u8, second u64, third u64, fourth u8}, numbers big-endian, so that
 * plain unsigned byte order is key order. {@code docs/format.md} lists every item.
 */
@NullMarked
package org.scoutfs.item;

import org.jspecify.annotations.NullMarked;
