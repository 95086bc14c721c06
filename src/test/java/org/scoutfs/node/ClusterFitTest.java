package org.scoutfs.node;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.scoutfs.base.Clock;
import org.scoutfs.base.Counters;
import org.scoutfs.base.Errno;
import org.scoutfs.device.BlockDevice;
import org.scoutfs.device.FileBlockDevice;
import org.scoutfs.device.FileBlockDevice.Mode;
import org.scoutfs.format.SuperSlot;
import org.scoutfs.net.NodeAddress;
import org.scoutfs.volume.Volume;

/** What a mount's options mean on a volume, with a volume in a file. */
class ClusterFitTest {
    private static final Clock CLOCK = Clock.system();

    @TempDir
    private Path directory;

    private BlockDevice volume(String... slots) throws Exception {
        Path image = directory.resolve("volume.img");
        FormatVolume.run(
                new FormatVolume.Wish(image, null, FormatVolume.BYTES_MIN, 0, 0, false, QuorumSlots.parse(List.of(slots))), CLOCK);
        return FileBlockDevice.open(image, Mode.READ_WRITE, new Counters());
    }

    private static ClusterOptions fit(BlockDevice device, String options) throws Exception {
        return ClusterFit.fit(device, MountOptions.parse(List.of(options)), CLOCK, ClusterFitTest::onlyThisHost);
    }

    /** A port that was free a moment ago may be somebody else's now: tests ask for none. */
    private static void onlyThisHost(String what, String host, int port) throws MountFailedException {
        ClusterFit.tryListen(what, host, 0);
    }

    private static void assertRefused(BlockDevice device, String options, Errno errno, String message) {
        assertThatThrownBy(() -> fit(device, options))
                .as(options)
                .isInstanceOfSatisfying(MountFailedException.class, refused -> assertThat(refused.errno()).isEqualTo(errno))
                .hasMessage(message.replace("DEVICE", device.name()));
    }

    @Test
    void aVolumeWithoutSlotsIsForOneMount() throws Exception {
        try (BlockDevice device = volume()) {
            assertThat(fit(device, "")).isNull();
            String noQuorum = "DEVICE has no quorum: mkfs -Q or change-quorum-config gives it one, or a first mount that can write, with"
                    + " cluster=NAME,listen=ADDRESS";
            assertRefused(device, "quorum_slot_nr=0", Errno.EINVAL, noQuorum);
            assertRefused(device, "listen=127.0.0.1", Errno.EINVAL, noQuorum);
            assertRefused(device, "ro,cluster=a,listen=127.0.0.1", Errno.EINVAL, noQuorum);
            assertRefused(device, "cluster=a", Errno.EINVAL,
                    "a cluster begins with an address: option cluster needs listen=ADDRESS beside it");
            assertRefused(device, "cluster=a,quorum_slot_nr=1,listen=127.0.0.1", Errno.EINVAL,
                    "the first voter has quorum slot 0, not 1");
            assertThat(Volume.open(device).slot().quorumSlots()).isEmpty();
        }
    }

    @Test
    void slotsAreFoundByNumberAndByAddress() throws Exception {
        int port = 5500;
        try (BlockDevice device = volume("0,127.0.0.1," + port, "3,10.99.99.99,5500")) {
            assertThat(fit(device, "quorum_slot_nr=0").slot()).isEqualTo(0);
            ClusterOptions byAddress = fit(device, "listen=127.0.0.1");
            assertThat(byAddress.slot()).isEqualTo(0);
            assertThat(byAddress.listen()).isEqualTo(new NodeAddress("127.0.0.1", 0));
            assertThat(fit(device, "listen=127.0.0.1:" + port).listen()).as("the voters' port is not the nodes'").isNull();
            assertThat(fit(device, "listen=127.0.0.9").hasVote()).isFalse();
            assertThat(fit(device, "ro,quorum_slot_nr=3").slot()).as("who cannot write does not vote, so nothing is bound").isEqualTo(3);
            assertThat(fit(device, "cluster=any,quorum_slot_nr=0").slot()).isEqualTo(0);
        }
    }

    @Test
    void whatDoesNotFitIsRefusedInOneLine() throws Exception {
        int port = 5500;
        try (BlockDevice device = volume("0,127.0.0.1," + port, "1,127.0.0.1," + (port ^ 1), "3,10.99.99.99,5500")) {
            assertRefused(device, "", Errno.EINVAL, "DEVICE is a cluster's volume, with quorum slots 0, 1, 3: mount it with"
                    + " quorum_slot_nr=N where this host has one of them, or with listen=ADDRESS");
            assertRefused(device, "quorum_slot_nr=2", Errno.EINVAL, "quorum slot 2 is not configured on DEVICE, only 0, 1, 3");
            assertRefused(device, "quorum_slot_nr=3", Errno.EADDRNOTAVAIL, "quorum slot 3: 10.99.99.99 is no address of this host");
            assertRefused(device, "listen=127.0.0.1", Errno.EINVAL,
                    "quorum slots 0, 1 of DEVICE have the address 127.0.0.1: say which one with quorum_slot_nr");
            assertThat(fit(device, "listen=127.0.0.1:" + (port ^ 1)).slot()).isEqualTo(1);
            assertRefused(device, "quorum_slot_nr=0,listen=10.99.99.98", Errno.EADDRNOTAVAIL,
                    "option listen: 10.99.99.98 is no address of this host");
        }
    }

    @Test
    void aPortThatIsTakenIsSaid() throws Exception {
        try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.ofLiteral("127.0.0.1"));
                BlockDevice device = volume("0,127.0.0.1," + taken.getLocalPort())) {
            assertThatThrownBy(() -> ClusterFit.fit(device, MountOptions.parse(List.of("quorum_slot_nr=0")), CLOCK))
                    .isInstanceOfSatisfying(
                            MountFailedException.class, refused -> assertThat(refused.errno()).isEqualTo(Errno.EADDRINUSE))
                    .hasMessage("quorum slot 0: port " + taken.getLocalPort() + " of 127.0.0.1 is taken by another program");
        }
    }

    @Test
    void theFirstMountOfAClusterIsRecorded() throws Exception {
        int port = 5500;
        try (BlockDevice device = volume()) {
            ClusterOptions first = fit(device, "cluster=alpha,listen=127.0.0.1:" + port);
            assertThat(first.slot()).isEqualTo(0);
            SuperSlot made = Volume.open(device).slot();
            assertThat(made.clusterName()).isEqualTo("alpha");
            assertThat(made.quorumVersion()).isEqualTo(1);
            assertThat(QuorumSlots.lines(made.quorumSlots())).containsExactly("0: 127.0.0.1:" + port);

            assertThat(fit(device, "cluster=alpha,listen=127.0.0.2").hasVote()).as("a later one joins").isFalse();
            assertThat(fit(device, "cluster=alpha,listen=127.0.0.1").slot()).as("the first one again").isEqualTo(0);
            assertRefused(device, "cluster=beta,listen=127.0.0.2", Errno.EINVAL,
                    "DEVICE is a volume of cluster 'alpha', not of 'beta'");
        }
    }
}
