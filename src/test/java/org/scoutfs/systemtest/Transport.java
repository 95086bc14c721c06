package org.scoutfs.systemtest;

import java.util.ArrayList;
import java.util.List;
import org.scoutfs.testkit.UringParameter;

/** How the kernel and the mount talk. The suites run on each that this kernel has. */
enum Transport {
    DEVICE("off"),
    RING("on");

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
        if (UringParameter.exists() && !"ext4".equals(System.getProperty("scoutfs.target"))) {
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

    /** Makes the kernel offer the ring until {@link #disable}; also for the device, which has to be taken although the ring is there. */
    static void enable() {
        UringParameter.acquire();
    }

    static void disable() {
        UringParameter.release();
    }
}
