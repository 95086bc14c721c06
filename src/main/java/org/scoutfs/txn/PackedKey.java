package org.scoutfs.txn;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import org.scoutfs.base.Invariants;

/**
 * A key as four numbers, whose order as signed numbers, first to last, is the unsigned byte order of the keys.
 *
 * <p>The bytes are packed big-endian and padded with zeroes; the last byte of the fourth number is the length, so that a key
 * that another one begins with comes first. A search tree that compares numbers in one array touches one cache line where
 * one that compares {@code byte[]} touches two objects.
 */
final class PackedKey {
    /** Numbers in a packed key. */
    static final int WORDS = 4;

    /** Bytes in the longest key that can be packed. */
    static final int MAX_BYTES = WORDS * Long.BYTES - 1;

    private static final VarHandle U64BE = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.BIG_ENDIAN);
    private static final VarHandle U32BE = MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.BIG_ENDIAN);
    private static final int ITEM_KEY_BYTES = 27;

    private PackedKey() {}

    static long word0(byte[] key) {
        return (key.length >= 8 ? (long) U64BE.get(key, 0) : slow(key, 0)) ^ Long.MIN_VALUE;
    }

    static long word1(byte[] key) {
        return (key.length >= 16 ? (long) U64BE.get(key, 8) : slow(key, 8)) ^ Long.MIN_VALUE;
    }

    static long word2(byte[] key) {
        return (key.length >= 24 ? (long) U64BE.get(key, 16) : slow(key, 16)) ^ Long.MIN_VALUE;
    }

    static long word3(byte[] key) {
        if (key.length == ITEM_KEY_BYTES) {
            long last3 = (int) U32BE.get(key, 23) & 0xffffffL;
            return (last3 << 40 | ITEM_KEY_BYTES) ^ Long.MIN_VALUE;
        }
        Invariants.check(key.length <= MAX_BYTES, "a key is too long to be an item's", key.length);
        return (slow(key, 24) | key.length) ^ Long.MIN_VALUE;
    }

    private static long slow(byte[] key, int from) {
        long word = 0;
        for (int i = 0; i < Long.BYTES; i++) {
            word = word << 8 | (from + i < key.length ? key[from + i] & 0xff : 0);
        }
        return word;
    }

    /** The key again, from the four numbers at {@code words[at]}. */
    static byte[] unpack(long[] words, int at) {
        long w3 = words[at + 3] ^ Long.MIN_VALUE;
        int length = (int) (w3 & 0xff);
        byte[] key = new byte[length];
        if (length >= 24) {
            U64BE.set(key, 0, words[at] ^ Long.MIN_VALUE);
            U64BE.set(key, 8, words[at + 1] ^ Long.MIN_VALUE);
            U64BE.set(key, 16, words[at + 2] ^ Long.MIN_VALUE);
            for (int i = 24; i < length; i++) {
                key[i] = (byte) (w3 >>> (56 - 8 * (i - 24)));
            }
            return key;
        }
        for (int i = 0; i < length; i++) {
            long word = words[at + i / Long.BYTES] ^ Long.MIN_VALUE;
            key[i] = (byte) (word >>> (56 - 8 * (i % Long.BYTES)));
        }
        return key;
    }
}
