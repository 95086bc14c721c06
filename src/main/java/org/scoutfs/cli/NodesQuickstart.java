package org.scoutfs.cli;

import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.scoutfs.base.Errno;
import org.scoutfs.node.MountRegistry;

/**
 * {@code scoutfs quickstart --nodes 3}: three hosts of a cluster on one, as network namespaces that meet in a bridge. Each has a loop device
 * of its own on the one image, so nothing but the image is shared.
 */
final class NodesQuickstart {
    private static final int NODES = 3;
    private static final String IMAGE = "./quickstart.img";
    private static final String FILES = "./quickstart.nodes";
    private static final String BRIDGE = "scoutfs-qs";
    private static final String SERVES = "this mount serves in epoch ";
    private static final long MOUNT_SECONDS = 120;
    private static final int INDEX_SECONDS = 30;
    private static final long UMOUNT_SECONDS = 60;

    private final QuickstartCommand.Steps steps;

    NodesQuickstart(QuickstartCommand.Steps steps) {
        this.steps = steps;
    }

    static String mount(int node) {
        return "./mnt." + node;
    }

    private static String namespace(int node) {
        return BRIDGE + node;
    }

    private static String address(int node) {
        return "10.83.76." + (node + 1);
    }

    private static Path log(int node) {
        return Path.of(FILES, "log." + node);
    }

    /** Whether one of them is there, mounted or half set up. */
    static boolean isThere() throws IOException {
        for (int node = 0; node < NODES; node++) {
            if (isMounted(node)) {
                return true;
            }
        }
        return Files.exists(Path.of(FILES)) || Files.exists(Path.of("/sys/class/net", BRIDGE));
    }

    private static boolean isMounted(int node) throws IOException {
        return MountRegistry.isScoutfsMount(MountRegistry.canonical(Path.of(mount(node))));
    }

    void show() throws CommandFailure, IOException {
        makeNetwork();
        makeVolume();
        mountAll();
        steps.say("Three mounts of one volume, each on a host of its own as far as the network tells. A file that is written on one");
        steps.run("sh", "-c", "echo 'written on node 0' > " + mount(0) + "/file");
        steps.say("is there at once on the others.");
        for (int node = 1; node < NODES; node++) {
            steps.run("cat", mount(node) + "/file");
        }
        steps.say("A name that is changed on node 2 is changed on node 0.");
        steps.run("mv", mount(2) + "/file", mount(2) + "/moved");
        steps.run("ls", mount(0));
        steps.say("The index of changes is the same, whoever is asked. It ends where every node has said that it holds no older change, so"
                + " what was done just now is in it after a few seconds.");
        for (int node = 0; node < NODES; node++) {
            steps.run("sync", "-f", mount(node));
        }
        awaitIndex();
        for (int node = 0; node < NODES; node++) {
            steps.scoutfs("walk-inodes", "-p", mount(node), "meta_seq", "0", "-1");
        }
        killServer();
        steps.say("The mounts stay. To unmount them and remove everything again:   " + steps.launcher() + " quickstart --teardown");
    }

    /** Until the file is in the index; what is shown then says the rest. */
    private void awaitIndex() throws CommandFailure, IOException {
        String ino = output("stat", "-c", "%i", mount(0) + "/moved").strip();
        for (int second = 0; second < INDEX_SECONDS; second++) {
            String walk = output(steps.launcher(), "walk-inodes", "-p", mount(0), "meta_seq", "0", "-1");
            if (walk.lines().anyMatch(line -> line.endsWith(" " + ino))) {
                return;
            }
            String unused = output("sleep", "1");
        }
    }

    private void makeNetwork() throws CommandFailure, IOException {
        steps.say("Three network namespaces, and a bridge between them: three hosts.");
        steps.run("ip", "link", "add", BRIDGE, "type", "bridge");
        steps.run("ip", "link", "set", BRIDGE, "up");
        for (int node = 0; node < NODES; node++) {
            String inside = namespace(node);
            String port = inside + "p";
            steps.run("ip", "netns", "add", inside);
            steps.run("ip", "link", "add", port, "type", "veth", "peer", "name", "eth0", "netns", inside);
            steps.run("ip", "link", "set", port, "master", BRIDGE, "up");
            steps.run("ip", "-n", inside, "addr", "add", address(node) + "/24", "dev", "eth0");
            steps.run("ip", "-n", inside, "link", "set", "eth0", "up");
            steps.run("ip", "-n", inside, "link", "set", "lo", "up");
        }
    }

    private void makeVolume() throws CommandFailure, IOException {
        steps.say("A volume in a file, with a quorum slot for each of them: who may vote, and from where.");
        List<String> mkfs = new ArrayList<>(List.of("mkfs", "-f", "--size", "4G"));
        for (int node = 0; node < NODES; node++) {
            mkfs.add("-Q");
            mkfs.add(node + "," + address(node) + ",5500");
        }
        mkfs.add(IMAGE);
        steps.scoutfs(mkfs.toArray(new String[0]));
        Files.createDirectories(Path.of(FILES));
        for (int node = 0; node < NODES; node++) {
            Files.createDirectories(Path.of(mount(node)));
        }
    }

    /** All at once: one alone waits for a majority. */
    private void mountAll() throws CommandFailure, IOException {
        steps.say("Mounting it in each, through a loop device of its own. They elect a server, which takes a few seconds.");
        List<Process> mounts = new ArrayList<>();
        for (int node = 0; node < NODES; node++) {
            String loop = output("losetup", "--find", "--show", IMAGE).strip();
            Path files = Path.of(FILES).toAbsolutePath().normalize();
            String options = "quorum_slot_nr=" + node + ",quorum_dir=" + files.resolve("quorum." + node) + ",log="
                    + log(node).toAbsolutePath().normalize();
            steps.shown("nsenter --net=/run/netns/" + namespace(node) + " scoutfs mount -o " + options + " " + loop + " " + mount(node));
            mounts.add(new ProcessBuilder("nsenter", "--net=/run/netns/" + namespace(node), steps.launcher(), "mount", "-o", options,
                            loop, mount(node))
                    .redirectErrorStream(true)
                    .redirectOutput(log(node).toFile())
                    .start());
        }
        for (int node = 0; node < NODES; node++) {
            if (!hasEnded(mounts.get(node), MOUNT_SECONDS) || mounts.get(node).exitValue() != 0) {
                mounts.forEach(Process::destroy);
                throw CommandFailure.of(Errno.EIO, "the mount of node " + node + " did not come; " + log(node)
                        + " says why, and `scoutfs quickstart --teardown' removes what is there");
            }
        }
    }

    private void killServer() throws CommandFailure, IOException {
        int server = server();
        MountRegistry.Entry entry =
                MountRegistry.standard().find(MountRegistry.canonical(Path.of(mount(server))));
        if (entry == null) {
            throw CommandFailure.of(Errno.ENOENT, "no process of " + mount(server) + " is known");
        }
        int writer = (server + 1) % NODES;
        int reader = (server + 2) % NODES;
        steps.say("Node " + server + " is the server. Its process is killed.");
        steps.run("kill", "-9", Long.toString(entry.pid()));
        steps.say("The others elect another one. What is done on them meanwhile waits, and then succeeds.");
        steps.run("bash", "-c", "time { echo 'the server is gone' > " + mount(writer) + "/later; sync " + mount(writer) + "/later; }");
        steps.run("cat", mount(reader) + "/later", mount(reader) + "/moved");
        steps.say("What was left of the dead node's mount is taken out of the tree.");
        steps.run("umount", "-l", mount(server));
    }

    private static int server() throws CommandFailure, IOException {
        for (int node = 0; node < NODES; node++) {
            if (Files.readString(log(node), StandardCharsets.UTF_8).contains(SERVES)) {
                return node;
            }
        }
        throw CommandFailure.of(Errno.ENOENT, "no log in " + FILES + " says who serves");
    }

    /** Goes on where a step fails: what a start left behind half done is removed as well. */
    void tearDown() throws CommandFailure, IOException {
        List<String> problems = new ArrayList<>();
        unmountAll(problems);
        for (int node = 0; node < NODES; node++) {
            // In this order: with its namespace, the other end goes some time later.
            if (Files.exists(Path.of("/sys/class/net", namespace(node) + "p"))) {
                attempt(problems, "ip", "link", "del", namespace(node) + "p");
            }
            if (Files.exists(Path.of("/run/netns", namespace(node)))) {
                attempt(problems, "ip", "netns", "del", namespace(node));
            }
        }
        if (Files.exists(Path.of("/sys/class/net", BRIDGE))) {
            attempt(problems, "ip", "link", "del", BRIDGE);
        }
        if (Files.exists(Path.of(IMAGE))) {
            for (String loop : output("losetup", "-n", "-O", "NAME", "-j", IMAGE).lines().toList()) {
                attempt(problems, "losetup", "-d", loop.strip());
            }
        }
        for (int node = 0; node < NODES; node++) {
            Path directory = Path.of(mount(node));
            // A directory that is not empty is somebody else's.
            if (Files.isDirectory(directory) && !isMounted(node)) {
                Files.delete(directory);
            }
        }
        removeTree(Path.of(FILES));
        if (!problems.isEmpty()) {
            throw CommandFailure.of(Errno.EIO, "not all of it could be undone: " + String.join("; ", problems));
        }
        steps.say("Removed " + mount(0) + " to " + mount(NODES - 1) + ", their namespaces and loop devices, and " + FILES + ".");
    }

    /** At the same time, since the last of them cannot hand over to anybody. One that does not end is killed. */
    private void unmountAll(List<String> problems) throws IOException {
        List<MountRegistry.Entry> entries = new ArrayList<>();
        List<Process> running = new ArrayList<>();
        for (int node = 0; node < NODES; node++) {
            if (!isMounted(node)) {
                continue;
            }
            MountRegistry.@Nullable Entry entry =
                    MountRegistry.standard().find(MountRegistry.canonical(Path.of(mount(node))));
            if (entry != null && entry.isAlive()) {
                entries.add(entry);
                steps.shown("scoutfs umount " + mount(node));
                running.add(new ProcessBuilder(steps.launcher(), "umount", mount(node)).inheritIO().start());
            }
        }
        for (Process one : running) {
            if (!hasEnded(one, UMOUNT_SECONDS)) {
                one.destroyForcibly();
            }
        }
        for (int node = 0; node < NODES; node++) {
            if (isMounted(node)) {
                attempt(problems, "umount", "-l", mount(node));
            }
        }
        for (MountRegistry.Entry entry : entries) {
            if (entry.isAlive()) {
                attempt(problems, "kill", "-9", Long.toString(entry.pid()));
            }
        }
    }

    private void attempt(List<String> problems, String... words) throws IOException {
        try {
            steps.run(words);
        } catch (CommandFailure failure) {
            problems.add(String.valueOf(failure.line()));
        }
    }

    private static boolean hasEnded(Process process, long seconds) {
        try {
            return process.waitFor(seconds, TimeUnit.SECONDS);
        } catch (InterruptedException shutdown) {
            Thread.currentThread().interrupt();
            return false;
        }
    }

    private static String output(String... words) throws CommandFailure, IOException {
        Process process = new ProcessBuilder(words).redirectError(ProcessBuilder.Redirect.INHERIT).start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        if (!hasEnded(process, UMOUNT_SECONDS) || process.exitValue() != 0) {
            throw CommandFailure.of(Errno.EIO, String.join(" ", words) + " failed");
        }
        return output;
    }

    private static void removeTree(Path root) throws IOException {
        if (!Files.exists(root)) {
            return;
        }
        try (Stream<Path> all = Files.walk(root)) {
            all.sorted(Comparator.reverseOrder()).map(Path::toFile).forEach(File::delete);
        }
    }
}
