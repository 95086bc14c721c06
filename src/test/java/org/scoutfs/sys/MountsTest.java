package org.scoutfs.sys;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.scoutfs.base.Errno;

class MountsTest {
    @Test
    void readsALineOfMountinfo() {
        Mounts.MountPoint mount = Mounts.parse(
                "36 35 7:3 / /mnt/a\\040b\\134c rw,noatime shared:1 master:2 - fuseblk.scoutfs /dev/loop3 rw,user_id=0");
        assertThat(mount)
                .isEqualTo(new Mounts.MountPoint(
                        36, "7:3", Path.of("/mnt/a b\\c"), "fuseblk.scoutfs", "/dev/loop3", "rw,user_id=0"));
    }

    @Test
    void refusesWhatIsNoLine() {
        assertThat(Mounts.parse("")).isNull();
        assertThat(Mounts.parse("36 35 7:3 / /mnt rw")).isNull();
    }

    @Test
    void findsTheRoot() throws Exception {
        assertThat(Mounts.find(Path.of("/"))).isNotNull();
        assertThat(Mounts.find(Path.of("/no such mount"))).isNull();
    }

    @Test
    void failuresSayWhatAndWhy() {
        assertThatThrownBy(() -> Mounts.unmount(Path.of("/no/such/place"), 0))
                .isInstanceOfSatisfying(
                        SystemCallException.class,
                        failure -> assertThat(failure.errno()).isIn(Errno.ENOENT, Errno.EPERM))
                .hasMessageContaining("/no/such/place");
    }
}
