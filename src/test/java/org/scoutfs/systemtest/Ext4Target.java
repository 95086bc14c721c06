package org.scoutfs.systemtest;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** ext4 in an image: for trying the tests themselves. */
final class Ext4Target implements Target {
    private final Path directory;
    private final Path image;
    private final Path root;

    Ext4Target(String name, long bytes) {
        this.directory = SystemTests.directory(name);
        this.image = directory.resolve("volume.img");
        this.root = directory.resolve("mnt");
        try {
            Files.createDirectories(root);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        Command.of("truncate", "-s", bytes, image).run().mustSucceed();
        Command.of("mkfs.ext4", "-q", "-F", image).run().mustSucceed();
    }

    @Override
    public String kind() {
        return "ext4";
    }

    @Override
    public Path root() {
        return root;
    }

    @Override
    public void mount(String... options) {
        Command.of("mount", "-o", options.length == 0 ? "loop" : "loop," + String.join(",", options), image, root).run().mustSucceed();
    }

    @Override
    public void unmount() {
        Command.of("umount", root).run().mustSucceed();
    }

    @Override
    public boolean isMounted() {
        return Leftovers.mountsBelow(root).contains(root);
    }

    @Override
    public void check() {
        Command.of("e2fsck", "-fn", image).run().mustSucceed();
    }

    @Override
    public void kill() {
        throw new UnsupportedOperationException("ext4 has no process");
    }

    @Override
    public boolean canBeKilled() {
        return false;
    }

    @Override
    public void close() {
        Leftovers.cleanUp(directory);
    }
}
