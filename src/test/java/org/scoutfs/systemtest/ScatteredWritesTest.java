package org.scoutfs.systemtest;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.util.Arrays;
import org.junit.jupiter.api.Timeout;
import org.scoutfs.base.Errno;
import org.scoutfs.base.FsException;
import org.scoutfs.base.Rng;
import org.scoutfs.check.VolumeCheck;
import org.scoutfs.testkit.FakeHost;
import org.scoutfs.testkit.FsClient;
import org.scoutfs.testkit.HeadlessStack;
import org.scoutfs.testkit.SeededTest;
import org.scoutfs.testkit.SparseDevice;

/**
 * Small writes far from each other on a volume that is nearly full: each needs an extent and a checksum item of its own at the
 * barrier, and what was admitted has to have room for them. A commit that does not find it would stop the mount's writes.
 */
class ScatteredWritesTest {
    private static final int BLOCK = 4096;
    private static final long BLOCKS = 12 << 10;
    private static final int GROUP = 64;

    @SeededTest(runs = 6)
    @Timeout(120)
    void everyCommitHasRoom(long seed) throws Exception {
        SparseDevice device = new SparseDevice("device", BLOCKS);
        HeadlessStack.format(device, BLOCKS, 0, seed);
        FakeHost host = FakeHost.of(1);
        Rng rng = Rng.seeded(seed);
        int full = 0;
        try (HeadlessStack stack = HeadlessStack.mount(device, host, seed)) {
            FsClient client = stack.client();
            client.create("scattered", new byte[0]);
            byte[] mib = new byte[1 << 20];
            Arrays.fill(mib, (byte) 7);
            long size = 0;
            for (int i = 0; i < 16; i++, size += mib.length) {
                client.write("scattered", size, mib);
            }
            client.create("filler", new byte[0]);
            full += fill(client, mib);
            client.syncFileSystem();
            long groups = size / BLOCK / GROUP;
            for (int i = 0; i < 2000; i++) {
                // Blocks around the border of two groups: the dearest that a write can be.
                long block = GROUP * (1L + rng.nextInt((int) groups - 1)) - rng.nextInt(2);
                byte[] bytes = new byte[BLOCK * (1 + rng.nextInt(2))];
                Arrays.fill(bytes, (byte) i);
                full += write(client, block * BLOCK, bytes);
                if (rng.nextInt(300) == 0) {
                    client.syncFileSystem();
                }
            }
            client.syncFileSystem();
            assertThat(stack.failure()).isNull();
            assertThat(full).as("the volume was full").isPositive();
        }
        assertThat(VolumeCheck.run(device)).isEmpty();
    }

    private static int fill(FsClient client, byte[] bytes) throws FsException, IOException {
        for (long at = 0; ; at += bytes.length) {
            try {
                client.write("filler", at, bytes);
            } catch (FsException e) {
                assertThat(e.errno()).isEqualTo(Errno.ENOSPC);
                return 1;
            }
        }
    }

    private static int write(FsClient client, long offset, byte[] bytes) throws FsException, IOException {
        try {
            client.write("scattered", offset, bytes);
            return 0;
        } catch (FsException e) {
            assertThat(e.errno()).isEqualTo(Errno.ENOSPC);
            return 1;
        }
    }
}
