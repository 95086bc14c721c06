package org.scoutfs.cli;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import org.scoutfs.base.Errno;
import org.scoutfs.node.MountRegistry;

/** {@code scoutfs quickstart}: a volume in a file, mounted, and what the index of changes shows. */
final class QuickstartCommand implements Subcommand {
    private static final Option YES =
            new Option('y', "yes", null, "Overwrite ./quickstart.img without asking.");
    private static final Option TEARDOWN =
            new Option('t', "teardown", null, "Unmount what is mounted, and remove it and ./quickstart.img; also what a start that failed left behind.");
    private static final Option NODES = new Option(
            'n', "nodes", "NODES", "1, the default, or 3: that many mounts, each in a network namespace of its own on ./mnt.0 to ./mnt.2,"
                    + " as hosts of one cluster; the server's process is killed, and the others go on.");
    private static final String IMAGE = "./quickstart.img";
    private static final String MOUNT = "./mnt";

    @Override
    public Command command() {
        return new Command(
                "quickstart",
                Command.Group.CORE,
                "[--yes] [--nodes 3] [--teardown]",
                "Make a volume in a file, mount it, and show the index of changes",
                "Makes ./quickstart.img, a sparse file of 4 GiB, formats it, mounts it on ./mnt, changes a few files, and"
                        + " shows after each change what walk-inodes prints. Leaves the volume mounted. Needs root.\n"
                        + "With --nodes 3, shows a cluster instead. That needs ip(8) and nsenter(1).",
                List.of(YES, NODES, TEARDOWN),
                List.of(),
                0);
    }

    @Override
    public int run(Arguments arguments, Console console) throws UsageException, CommandFailure, IOException {
        long nodes = Numbers.u64(arguments.value(NODES.letter()), 1);
        if (nodes != 1 && nodes != 3) {
            throw new UsageException("--nodes is 1 or 3");
        }
        Steps steps = new Steps(console);
        if (arguments.has(TEARDOWN.letter())) {
            if (NodesQuickstart.isThere()) {
                new NodesQuickstart(steps).tearDown();
            }
            tearDown(steps);
            return Main.OK;
        }
        prepare(arguments.has(YES.letter()), console);
        if (nodes == 1) {
            show(steps);
        } else {
            new NodesQuickstart(steps).show();
        }
        return Main.OK;
    }

    private static void prepare(boolean mayOverwrite, Console console) throws CommandFailure, IOException {
        if (isMounted() || NodesQuickstart.isThere()) {
            String found = isMounted() ? MOUNT + " is mounted already" : "nodes of a quick start are there already";
            throw CommandFailure.of(Errno.EBUSY, found + ": `scoutfs quickstart --teardown' undoes that");
        }
        if (Files.exists(Path.of(IMAGE)) && !mayOverwrite) {
            console.out().print(IMAGE + " exists. Overwrite it? [y/N] ");
            console.out().flush();
            String answer = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8)).readLine();
            if (answer == null || !answer.strip().toLowerCase(Locale.ROOT).startsWith("y")) {
                throw CommandFailure.of(Errno.EEXIST, IMAGE + " was left alone; --yes overwrites it");
            }
        }
    }

    private static void show(Steps steps) throws CommandFailure, IOException {
        steps.say("A volume in a file. The file is sparse: it takes the space that is used of it.");
        steps.scoutfs("mkfs", "-f", "--size", "4G", IMAGE);

        steps.say("Mounting it. From here on it is a file system like any other.");
        Files.createDirectories(Path.of(MOUNT));
        steps.scoutfs("mount", IMAGE, MOUNT);

        steps.say("The index of changes, from the beginning to the end. It has the root directory, inode 1.");
        steps.walk();

        steps.say("A new file.");
        steps.run("touch", MOUNT + "/one");
        steps.run("sync", "-f", MOUNT);
        steps.say("It is at the end of the index; and the root moved there too, since a name was added to it.");
        steps.walk();

        steps.say("Another one.");
        steps.run("touch", MOUNT + "/two");
        steps.run("sync", "-f", MOUNT);
        steps.say("The new file and the root are at the end. The first file stayed where it was: nobody changed it.");
        steps.walk();

        steps.say("Now the first file changes.");
        steps.run("touch", MOUNT + "/one");
        steps.run("sync", "-f", MOUNT);
        steps.say("Only that file moved to the end. Whoever remembers how far it read finds it there, without a scan.");
        steps.walk();

        steps.say("The volume stays mounted on " + MOUNT + ". To unmount it:   " + steps.launcher() + " umount " + MOUNT);
        steps.say("To unmount it and remove everything again:   " + steps.launcher() + " quickstart --teardown");
    }

    private static void tearDown(Steps steps) throws CommandFailure, IOException {
        if (isMounted()) {
            steps.scoutfs("umount", MOUNT);
        }
        boolean wasThere = Files.deleteIfExists(Path.of(IMAGE));
        // A directory that is not empty is somebody else's.
        if (Files.isDirectory(Path.of(MOUNT))) {
            Files.delete(Path.of(MOUNT));
        }
        steps.say(wasThere ? "Removed " + IMAGE + " and " + MOUNT + "." : "There was no " + IMAGE + ".");
    }

    /** By the kernel's table: asking the directory itself could wait for a mount that does not answer. */
    private static boolean isMounted() throws IOException {
        return MountRegistry.isScoutfsMount(MountRegistry.canonical(Path.of(MOUNT)));
    }

    /** Prints each command before it runs, and stops at the first that fails. */
    record Steps(Console console) {
        void say(String line) {
            console.out().println();
            console.out().println("# " + line);
        }

        String launcher() {
            String launcher = console.environment().apply("SCOUTFS_LAUNCHER");
            return launcher == null ? "scoutfs" : launcher;
        }

        void walk() throws CommandFailure, IOException {
            scoutfs("walk-inodes", "-p", MOUNT, "meta_seq", "0", "-1");
        }

        void scoutfs(String... words) throws CommandFailure, IOException {
            List<String> command = new ArrayList<>(List.of(launcher()));
            command.addAll(Arrays.asList(words));
            run("scoutfs " + String.join(" ", words), command);
        }

        void run(String... words) throws CommandFailure, IOException {
            run(String.join(" ", words), List.of(words));
        }

        void shown(String command) {
            console.out().println("$ " + command);
            console.out().flush();
        }

        private void run(String shown, List<String> command) throws CommandFailure, IOException {
            shown(shown);
            Process process = new ProcessBuilder(command).inheritIO().start();
            try {
                int status = process.waitFor();
                if (status != 0) {
                    throw CommandFailure.of(Errno.EIO, shown + " ended with status " + status);
                }
            } catch (InterruptedException shutdown) {
                Thread.currentThread().interrupt();
                throw CommandFailure.of(Errno.EINTR, shown + " was interrupted");
            }
        }
    }
}
