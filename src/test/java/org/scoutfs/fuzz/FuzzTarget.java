package org.scoutfs.fuzz;

import java.util.List;

/** A decoder under test, and bytes to start from. Has a public constructor without arguments. */
public interface FuzzTarget {
    /** Well-formed inputs. */
    List<byte[]> seeds();

    /** Before the first input: what takes long. */
    default void start() {}

    /**
     * Decodes. Returns, or throws what the decoder promises for bad bytes inside; anything else that it throws is a finding.
     */
    void decode(byte[] bytes);
}
