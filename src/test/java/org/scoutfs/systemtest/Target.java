package org.scoutfs.systemtest;

import java.nio.file.Path;
import java.util.List;

/** A file system on a device of its own, made, mounted, unmounted and checked by the programs that a user would call. */
interface Target extends AutoCloseable {
    /** The kind's name, as the C cases get it: {@code scoutfs} or {@code ext4}. */
    String kind();

    /** Where it is mounted, when it is. */
    Path root();

    /** Mounts what was formatted when this target was made. */
    void mount(String... options);

    void unmount();

    boolean isMounted();

    /** Reads the whole unmounted volume; fails the test when anything is wrong with it. */
    void check();

    /** Ends the process of the mount as a crash would, where there is one; the mount point stays behind, dead. */
    void kill();

    /** Whether {@link #kill} means anything: a file system in the kernel cannot be killed. */
    default boolean canBeKilled() {
        return true;
    }

    /** Unmounts, stops and removes everything, also after a failure. */
    @Override
    void close();

    /** What the mount's process wrote to its log, newest last; empty where there is none. */
    default List<String> log() {
        return List.of();
    }

    /** The target that the tests are run on: scoutfs, but for trying the tests. */
    static Target create(String name, long bytes, Transport transport) {
        return "ext4".equals(System.getProperty("scoutfs.target"))
                ? new Ext4Target(name, bytes)
                : new ScoutfsTarget(name, bytes, transport);
    }
}
