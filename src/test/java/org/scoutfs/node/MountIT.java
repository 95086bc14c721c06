package org.scoutfs.node;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.scoutfs.sys.Mounts;

/** Mounts as a user makes them, with the launcher: background, refusals, kill -9, SIGTERM, read-only, quickstart. Needs root. */
@Timeout(value = 300, unit = TimeUnit.SECONDS)
class MountIT {
    private static final Path LAUNCHER = Path.of("scoutfs").toAbsolutePath();
    private static final long PATIENCE_SECONDS = 120;

    @TempDir
    Path directory;

    private Path image;
    private Path mount;

    private record Result(int status, String output) {}

    @BeforeEach
    void make() throws Exception {
        image = directory.resolve("image");
        mount = Files.createDirectory(directory.resolve("mnt"));
        assertThat(scoutfs("mkfs", "--size", "512M", image.toString()).status()).isZero();
    }

    @AfterEach
    void unmount() throws Exception {
        MountRegistry.Entry left = MountRegistry.standard().find(MountRegistry.canonical(mount));
        for (int i = 0; i < 3 && MountRegistry.isScoutfsMount(mount); i++) {
            Mounts.unmount(mount, Mounts.MNT_DETACH);
        }
        // It writes its last commit and its log into the directory that goes next.
        assertThat(left == null || left.awaitEnd(Duration.ofSeconds(PATIENCE_SECONDS))).isTrue();
    }

    private Result scoutfs(String... words) throws Exception {
        List<String> command = new ArrayList<>(List.of(LAUNCHER.toString()));
        command.addAll(Arrays.asList(words));
        return run(command.toArray(new String[0]));
    }

    private Result run(String... command) throws Exception {
        ProcessBuilder builder = new ProcessBuilder(command).directory(directory.toFile()).redirectErrorStream(true);
        builder.environment().put("SCOUTFS_NO_BUILD", "1");
        builder.environment().put("SCOUTFS_HEAP", "256m");
        Process process = builder.start();
        process.getOutputStream().close();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS)).isTrue();
        return new Result(process.exitValue(), output);
    }

    private Result mount(String... options) throws Exception {
        List<String> words = new ArrayList<>(List.of("mount", "-o", "log=" + directory.resolve("log")));
        for (String option : options) {
            words.addAll(List.of("-o", option));
        }
        words.addAll(List.of(image.toString(), mount.toString()));
        return scoutfs(words.toArray(new String[0]));
    }

    private void mountOrFail(String... options) throws Exception {
        Result result = mount(options);
        assertThat(result.status()).as(result.output()).isZero();
    }

    private MountRegistry.Entry entry() throws IOException {
        MountRegistry.Entry entry = MountRegistry.standard().find(MountRegistry.canonical(mount));
        assertThat(entry).isNotNull();
        return entry;
    }

    private void kill(String signal) throws Exception {
        MountRegistry.Entry entry = entry();
        assertThat(new ProcessBuilder("kill", "-" + signal, Long.toString(entry.pid())).start().waitFor()).isZero();
        assertThat(entry.awaitEnd(Duration.ofSeconds(PATIENCE_SECONDS))).isTrue();
    }

    private void sync() throws Exception {
        assertThat(new ProcessBuilder("sync", "-f", mount.toString()).start().waitFor()).isZero();
    }

    private void assertClean() throws Exception {
        Result check = scoutfs("check", "--data", image.toString());
        assertThat(check.output()).isEqualTo("clean\n");
        assertThat(check.status()).isZero();
    }

    @Test
    void whatIsWrittenIsThereAfterUnmountAndMount() throws Exception {
        mountOrFail();
        for (int i = 0; i < 200; i++) {
            Files.writeString(mount.resolve("file" + i), "contents " + i);
        }
        MountRegistry.Entry entry = entry();
        Result umount = scoutfs("umount", mount.toString());
        assertThat(umount.output()).isEmpty();
        assertThat(umount.status()).isZero();
        assertThat(entry.isAlive()).isFalse();
        assertClean();

        mountOrFail();
        for (int i = 0; i < 200; i++) {
            assertThat(Files.readString(mount.resolve("file" + i))).isEqualTo("contents " + i);
        }
    }

    @Test
    void killAndMountAgain() throws Exception {
        mountOrFail();
        Files.writeString(mount.resolve("synced"), "kept");
        sync();
        kill("KILL");
        assertThatThrownBy(() -> Files.readString(mount.resolve("synced"))).isInstanceOf(FileSystemException.class);

        mountOrFail();
        assertThat(Files.readString(mount.resolve("synced"))).isEqualTo("kept");
        assertThat(scoutfs("umount", mount.toString()).status()).isZero();
        assertClean();
    }

    @Test
    void terminationUnmountsCleanly() throws Exception {
        mountOrFail();
        Files.writeString(mount.resolve("file"), "not synced");
        kill("TERM");

        assertThat(MountRegistry.isScoutfsMount(mount)).isFalse();
        assertClean();
        mountOrFail();
        assertThat(Files.readString(mount.resolve("file"))).isEqualTo("not synced");
    }

    @Test
    void secondMountIsRefusedAndSaysWhoHasIt() throws Exception {
        mountOrFail();
        Path other = Files.createDirectory(directory.resolve("other"));
        Result second = scoutfs("mount", image.toString(), other.toString());

        assertThat(second.status()).isEqualTo(1);
        assertThat(second.output())
                .contains("process " + entry().pid())
                .contains("scoutfs: mount failed: Device or resource busy (16)");
        Result checked = scoutfs("check", image.toString());
        assertThat(checked.status()).isEqualTo(8);
        Result overwritten = scoutfs("mkfs", "-f", image.toString());
        assertThat(overwritten.status()).isEqualTo(1);
        assertThat(overwritten.output()).contains("is mounted");
        Files.writeString(mount.resolve("still"), "works");
    }

    @Test
    void readOnlyWritesNothing() throws Exception {
        mountOrFail();
        Files.writeString(mount.resolve("file"), "contents");
        assertThat(scoutfs("umount", mount.toString()).status()).isZero();
        byte[] before = digest();

        mountOrFail("ro");
        assertThat(Files.readString(mount.resolve("file"))).isEqualTo("contents");
        assertThatThrownBy(() -> Files.writeString(mount.resolve("file"), "x"))
                .hasMessageContaining("Read-only file system");
        assertThat(scoutfs("umount", mount.toString()).status()).isZero();

        assertThat(digest()).isEqualTo(before);
    }

    private byte[] digest() throws IOException, NoSuchAlgorithmException {
        MessageDigest digest = MessageDigest.getInstance("SHA-256");
        try (var in = Files.newInputStream(image)) {
            byte[] buffer = new byte[1 << 20];
            for (int count = in.read(buffer); count >= 0; count = in.read(buffer)) {
                digest.update(buffer, 0, count);
            }
        }
        return digest.digest();
    }

    @Test
    void whatCannotBeMountedSaysWhy() throws Exception {
        assertThat(mount("bogus").output()).startsWith("unknown mount option 'bogus'\nscoutfs: mount failed: Invalid argument (22)");
        Path nowhere = directory.resolve("nowhere");
        assertThat(scoutfs("mount", nowhere.toString(), mount.toString()).output())
                .startsWith("no device " + nowhere);
        assertThat(scoutfs("mount", image.toString(), nowhere.toString()).output())
                .startsWith(nowhere + " is no directory");
        Path empty = Files.write(directory.resolve("empty"), new byte[8 << 20]);
        assertThat(scoutfs("mount", empty.toString(), mount.toString()).output())
                .contains("expected a scoutfs volume, found no super slot");
        Result usage = scoutfs("mount", image.toString());
        assertThat(usage.status()).isEqualTo(64);
        assertThat(usage.output()).startsWith("mount: must provide directory\n");
    }

    /** Also where the locale knows only ASCII, as under an init system. By a shell: this JVM's own locale may be such a one. */
    @Test
    void namesThatAreNotAscii() throws Exception {
        String script = """
                set -eu
                device=$'Ger\\303\\244t' where=$'Verzeichnis \\303\\237'
                mkdir "$where"
                "$1" mkfs --size 300M "$device"
                "$1" mount -o log=$'log \\303\\274' "$device" "$where"
                touch "$where"/f
                "$1" stat -s meta_seq "$where"/f
                "$1" umount "$where"
                "$1" check "$device"
                rmdir "$where"
                rm "$device" $'log \\303\\274'
                """;
        Process process = new ProcessBuilder("env", "LC_ALL=C", "SCOUTFS_NO_BUILD=1", "SCOUTFS_HEAP=256m", "bash", "-c", script, "bash", LAUNCHER.toString())
                .directory(directory.toFile())
                .redirectErrorStream(true)
                .start();
        process.getOutputStream().close();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS)).isTrue();
        assertThat(process.exitValue()).as(output).isZero();
    }

    /** As in most containers: the loop devices are hidden from the mount, in a mount namespace of its own. */
    @Test
    void withoutLoopDevicesItIsTypeFuseAndSaysWhatThatMeans() throws Exception {
        Path script = Files.writeString(directory.resolve("script"), """
                set -e
                mount --make-rprivate /
                mount --bind /dev/null /dev/loop-control
                "$1" mount -o "log=$2/log" "$2/image" "$2/mnt"
                grep "$2/mnt " /proc/self/mounts
                echo contents > "$2/mnt/file"
                sync "$2/mnt/file"
                "$1" umount "$2/mnt"
                """);
        Result mounted = run("unshare", "-m", "bash", script.toString(), LAUNCHER.toString(), directory.toString());
        assertThat(mounted.status()).as(mounted.output()).isZero();
        assertThat(mounted.output())
                .containsOnlyOnce("sync(2) is not durable")
                .contains("no loop device: ", " fuse.scoutfs rw,");
        assertClean();
        mountOrFail();
        assertThat(Files.readString(mount.resolve("file"))).isEqualTo("contents\n");
    }

    @Test
    void whatADeviceHoldsIsSaidAndNotOverwritten() throws Exception {
        Path other = directory.resolve("other.img");
        assertThat(run("truncate", "-s", "300M", other.toString()).status()).isZero();
        assertThat(run("mkfs.ext4", "-q", other.toString()).status()).isZero();

        assertThat(scoutfs("mkfs", other.toString()).output())
                .contains(other + " holds an ext2, ext3 or ext4 file system; -f overwrites it\n"
                        + "scoutfs: mkfs failed: Operation not permitted (1)");
        assertThat(scoutfs("mkfs", image.toString()).output())
                .contains("holds a scoutfs volume")
                .endsWith("scoutfs: mkfs failed: Invalid argument (22)\n");
        Result refused = scoutfs("mount", other.toString(), mount.toString());
        assertThat(refused.status()).isEqualTo(1);
        assertThat(refused.output())
                .contains("expected a scoutfs volume, found no super slot; the device holds an ext2, ext3 or ext4");
    }

    /** The set-group-id bit of a directory: who gets its group, and who may set the bit on a new file. As on ext4. */
    @Test
    void newFilesInASetGroupIdDirectory() throws Exception {
        mountOrFail();
        assertThat(run("chmod", "755", directory.toString()).status()).isZero();
        assertThat(run("mkdir", "-m", "777", mount + "/shared").status()).isZero();
        assertThat(run("chgrp", "1234", mount + "/shared").status()).isZero();
        assertThat(run("chmod", "2777", mount + "/shared").status()).isZero();
        String make = "use Fcntl; umask 0; sysopen(F, $ARGV[0], O_CREAT | O_WRONLY, 02775) or die $!; mkdir $ARGV[0] . 'd', 0775"
                + " or die $!";
        for (String member : List.of("--clear-groups", "--groups=1234")) {
            String file = mount + "/shared/" + member;
            Result made = run("setpriv", "--reuid=6666", "--regid=5555", member, "perl", "-e", make, file);
            assertThat(made.status()).as(made.output()).isZero();
            assertThat(run("stat", "-c", "%a %g", file, file + "d").output())
                    .isEqualTo(member.equals("--clear-groups") ? "775 1234\n2775 1234\n" : "2775 1234\n2775 1234\n");
        }
    }

    @Test
    void quickstart() throws Exception {
        Result started = scoutfs("quickstart", "--yes");
        assertThat(started.status()).as(started.output()).isZero();
        assertThat(started.output())
                .contains("Created scoutfs filesystem:", "$ touch ./mnt/two", "#                    major");
        assertThat(Files.exists(mount.resolve("two"))).isTrue();
        Result again = scoutfs("quickstart", "--yes");
        assertThat(again.status()).isEqualTo(1);
        assertThat(again.output()).contains("is mounted already");

        Result ended = scoutfs("quickstart", "--teardown");
        assertThat(ended.status()).as(ended.output()).isZero();
        assertThat(Files.exists(directory.resolve("quickstart.img"))).isFalse();
        assertThat(Files.exists(mount)).isFalse();
    }

    /** Two devices on a real mount: metadata on the first, contents on the second. */
    @Test
    void twoDevices() throws Exception {
        Path data = directory.resolve("data");
        for (Path device : List.of(image, data)) {
            Files.deleteIfExists(device);
            assertThat(run("truncate", "-s", "300M", device.toString()).status()).isZero();
        }
        Result made = scoutfs("mkfs", image.toString(), data.toString());
        assertThat(made.output()).contains("meta device path:", "64KB metadata blocks:   4800 (300.00 MB)");

        Result mounted = scoutfs(
                "mount", "-o", "log=" + directory.resolve("log") + ",metadev_path=" + image, data.toString(), mount.toString());
        assertThat(mounted.status()).as(mounted.output()).isZero();
        byte[] contents = new byte[8 << 20];
        Arrays.fill(contents, (byte) 7);
        Files.write(mount.resolve("file"), contents);
        sync();
        assertThat(scoutfs("df", "-p", mount.toString()).output()).containsPattern("MetaData  64KB  +4800 ");
        assertThat(scoutfs("umount", mount.toString()).status()).isZero();

        Result checked = scoutfs("check", "--data", image.toString(), data.toString());
        assertThat(checked.output()).isEqualTo("clean\n");
        Result printed = scoutfs("print", image.toString(), data.toString());
        assertThat(printed.status()).isZero();
        assertThat(printed.output()).contains("super");
        Result alone = scoutfs("mount", data.toString(), mount.toString());
        assertThat(alone.status()).isEqualTo(1);
        assertThat(alone.output())
                .contains("expected a volume, or its metadata device in front, found a volume's data device\n"
                        + "scoutfs: mount failed: Invalid argument (22)");
        assertThat(scoutfs("mount", image.toString(), mount.toString()).output())
                .contains("expected a metadata and a data device, found one device");
        assertThat(scoutfs("print", data.toString()).output())
                .isEqualTo("**** Printing from data device is not allowed ****\n"
                        + "scoutfs: print failed: Invalid argument (22)\n");
    }

    @Test
    void commandsAskTheMount() throws Exception {
        mountOrFail();
        Path file = Files.writeString(mount.resolve("report.txt"), "x");
        sync();
        String at = mount.toString();

        assertThat(scoutfs("walk-inodes", "meta_seq", "0", "-1", at).output()).startsWith("#                    major");
        assertThat(scoutfs("stat", "-s", "data_version", file.toString()).output()).isEqualTo("1\n");
        String ino = Files.getAttribute(file, "unix:ino").toString();
        assertThat(scoutfs("ino-path", "-p", at, ino).output()).isEqualTo("report.txt\n");
        assertThat(scoutfs("get-referring-entries", "-p", at, ino).output())
                .isEqualTo("dir 1 pos 2 type 8 name report.txt\n");
        assertThat(scoutfs("get-allocated-inos", "-s", "-i", ino, "-p", at).output()).isEqualTo(ino + "\n");
        assertThat(scoutfs("statfs", "-s", "fsid", "-p", at).output()).matches("[0-9a-f]{16}\n");
        assertThat(scoutfs("df", "-p", at).output()).contains("MetaData").contains("Use%");
        assertThat(scoutfs("counters", "-p", at).output()).contains("device_reads");
    }
}
