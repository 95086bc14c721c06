package org.scoutfs.node;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.scoutfs.fuse.FuseOptions;
import org.scoutfs.node.MountOptions.OptionException;
import org.scoutfs.sys.Mounts;

class MountOptionsTest {
    private static MountOptions parse(String... lists) throws OptionException {
        return MountOptions.parse(List.of(lists));
    }

    @Test
    void nothingIsTheDefaults() throws OptionException {
        assertThat(parse()).isEqualTo(MountOptions.DEFAULTS);
        assertThat(parse("", "rw,defaults,acl,_netdev,x-systemd.automount,comment=hello,,"))
                .isEqualTo(MountOptions.DEFAULTS);
        assertThat(MountOptions.DEFAULTS.uring()).isEqualTo(FuseOptions.Uring.AUTO);
        assertThat(MountOptions.DEFAULTS.isReadOnly()).isFalse();
    }

    @Test
    void ours() throws OptionException {
        MountOptions options = parse(
                "rw,uring=off,writeback=on,cache=1G", "dirty=64M,metadev_path=/dev/a,log=/tmp/l,type=fuse,commit_ms=50",
                "data_prealloc_blocks=16,data_prealloc_contig_only=0", "predecessors=gone");

        assertThat(options.isReadOnly()).isFalse();
        assertThat(parse("ro").isReadOnly()).isTrue();
        assertThat(options.uring()).isEqualTo(FuseOptions.Uring.OFF);
        assertThat(options.isWriteback()).isTrue();
        assertThat(options.cacheBytes()).isEqualTo(1L << 30);
        assertThat(options.dirtyBytes()).isEqualTo(64L << 20);
        assertThat(options.metaDevice()).isEqualTo(Path.of("/dev/a"));
        assertThat(options.log()).isEqualTo(Path.of("/tmp/l"));
        assertThat(options.isPlainFuse()).isTrue();
        assertThat(options.commitMillis()).isEqualTo(50);
        assertThat(options.preallocBlocks()).isEqualTo(16);
        assertThat(options.isPreallocContigOnly()).isFalse();
        assertThat(options.arePredecessorsGone()).isTrue();
        assertThat(MountOptions.DEFAULTS.arePredecessorsGone()).isFalse();
        assertThat(parse("predecessors=watched").arePredecessorsGone()).isFalse();
        assertThat(MountOptions.DEFAULTS.preallocBlocks()).isEqualTo(2048);
        assertThat(MountOptions.DEFAULTS.isPreallocContigOnly()).isTrue();
    }

    @Test
    void theLastOfOppositesCounts() throws OptionException {
        assertThat(parse("ro,rw").isReadOnly()).isFalse();
        assertThat(parse("noatime,nodev,dev").kernelFlags()).isEqualTo(Mounts.MS_NOATIME);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "bogus           | unknown mount option 'bogus'",
                "ro,bogus=1      | unknown mount option 'bogus'",
                "noacl           | unknown mount option 'noacl'",
                "uring           | unknown mount option 'uring'",
                "uring=maybe     | option uring is one of auto, on, off, not 'maybe'",
                "ro,writeback=on | option writeback=on keeps writes back, and a mount with ro has none",
                "writeback=1     | option writeback is one of on, off, not '1'",
                "cache=15M       | option cache is a size from 16M to 1048576M, not '15M'",
                "cache=          | option cache is a size from 16M to 1048576M, not ''",
                "cache=1X        | option cache is a size from 16M to 1048576M, not '1X'",
                "cache=99999999T | option cache is a size from 16M to 1048576M, not '99999999T'",
                "commit_ms=9     | option commit_ms is a number from 10 to 60000, not '9'",
                "predecessors=x  | option predecessors is one of watched, gone, not 'x'",
                "ro,predecessors=gone | option predecessors=gone is for a writing mount that is alone",
                "commit_ms=x     | option commit_ms is a number from 10 to 60000, not 'x'",
                "data_prealloc_blocks=0 | option data_prealloc_blocks is a number from 1 to 4503599627370495, not '0'",
                "data_prealloc_contig_only=2 | option data_prealloc_contig_only is a number from 0 to 1, not '2'",
                "log=            | option log needs a path",
                "cache=1G,cache=1G | option cache is given twice"
            })
    void refused(String list, String message) {
        assertThatThrownBy(() -> parse(list)).isInstanceOf(OptionException.class).hasMessage(message);
    }
}
