package org.scoutfs.fuse;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.scoutfs.base.Errno;
import org.scoutfs.base.FsException;
import org.scoutfs.fuse.FuseOptions.Uring;

@Timeout(120)
class FuseMountIT {
    @Test
    void firstMount(@TempDir Path temp) throws Exception {
        Path image = temp.resolve("image");
        Path at = Files.createDirectory(temp.resolve("mnt"));
        try (var file = new java.io.RandomAccessFile(image.toFile(), "rw")) {
            file.setLength(64 << 20);
        }
        AtomicInteger commits = new AtomicInteger();
        FuseHooks hooks = new FuseHooks() {
            @Override
            public void lastCommit() {
                commits.incrementAndGet();
            }

            @Override
            public void failed(Throwable cause) {
                cause.printStackTrace();
            }
        };
        FuseMount mount = FuseMount.start(
                FuseOptions.alone(image.toString(), at).withUring(Uring.OFF),
                new MemoryFileSystem(),
                (request, ino, handle, isDirectory, command, argument, in, outSize, caller) -> {
                    throw FsException.of(Errno.ENOTTY);
                },
                hooks);
        try {
            assertThat(mount.type()).isEqualTo("fuseblk.scoutfs");
            Files.writeString(at.resolve("a"), "hello");
            assertThat(Files.readString(at.resolve("a"))).isEqualTo("hello");
            Process sync = new ProcessBuilder("sync", at.toString()).inheritIO().start();
            assertThat(sync.waitFor()).isZero();
        } finally {
            Process umount = new ProcessBuilder("umount", at.toString()).inheritIO().start();
            assertThat(umount.waitFor()).isZero();
        }
        assertThat(commits.get()).isEqualTo(1);
        assertThat(mount.awaitEnd(Duration.ofSeconds(10))).isTrue();
    }
}
