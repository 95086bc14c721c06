package org.scoutfs.fs;

import java.util.ArrayList;
import java.util.List;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;

/** What the kernel has of a mount: it outlives an incarnation of the node. Thread-safe. */
public final class KernelCounts {
    /** What the kernel knows: look-ups that it has not taken back. */
    final CountMap references = new CountMap();
    /** Open files and directories. */
    final CountMap opens = new CountMap();
    /** Those of them that may write; counted only in a cluster. */
    final CountMap writableOpens = new CountMap();

    /** Inodes that are open for writing. */
    public List<Long> writable() {
        List<Long> all = new ArrayList<>();
        writableOpens.forEach(all::add);
        return all;
    }

    /**
     * Attributes, ACLs and pages of everything that the kernel knows go, because this node has no right to any of it.
     *
     * @return completes when the kernel has none of it
     */
    public CompletableFuture<Void> dropAll(KernelCache kernel) {
        TreeSet<Long> known = new TreeSet<>();
        references.forEach(known::add);
        opens.forEach(known::add);
        known.add(Core.ROOT_INO);
        return CompletableFuture.allOf(known.stream()
                .map(ino -> kernel.drop(ino, () -> references.get(ino) > 0))
                .toArray(CompletableFuture<?>[]::new));
    }
}
