package org.scoutfs.systemtest;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** How the kernel and the mount talk. The suites run on each that this kernel has. */
enum Transport {
    DEVICE("off"),
    RING("on");

    private static final Path PARAMETER = Path.of("/sys/module/fuse/parameters/enable_uring");

    private final String option;

    Transport(String option) {
        this.option = option;
    }

    /** The mount option that asks for it and for nothing else. */
    String option() {
        return "uring=" + option;
    }

    /** Those that this kernel offers; the module parameter says whether it knows the ring at all. */
    static List<Transport> available() {
        List<Transport> all = new ArrayList<>(List.of(DEVICE));
        if (Files.exists(PARAMETER) && !"ext4".equals(System.getProperty("scoutfs.target"))) {
            all.add(RING);
        }
        String only = System.getProperty("scoutfs.transport");
        if (only != null) {
            all.removeIf(one -> !one.name().equalsIgnoreCase(only));
        }
        return all;
    }

    /** The fastest one, for tests that need only one. */
    static Transport best() {
        return available().getLast();
    }

    /** Sets the module parameter as this transport needs it. @return what it was, for {@link #restore} */
    String enable() {
        if (!Files.exists(PARAMETER)) {
            return "";
        }
        try {
            String before = Files.readString(PARAMETER).strip();
            // Always on: with uring=off the mount must keep to the device although it could have the ring.
            Files.writeString(PARAMETER, "Y");
            return before;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static void restore(String before) {
        if (before.isEmpty()) {
            return;
        }
        try {
            Files.writeString(PARAMETER, before);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
