package org.scoutfs.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** What every command has in common: help, exit statuses, and one line for each wrong argument. */
class MainTest {
    private static CommandLine.Result run(String... words) {
        return new CommandLine().run(words);
    }

    @Test
    void withoutArgumentsUsageGoesToStandardError() {
        CommandLine.Result result = run();

        assertThat(result.status()).isEqualTo(1);
        assertThat(result.out()).isEmpty();
        assertThat(result.err())
                .startsWith("usage: scoutfs <command> [<args>]\n")
                .contains("\nSupported format version: ")
                .containsSubsequence("Core admin:", "Additional Information:", "Search Acceleration:", "Debugging commands:");
    }

    @Test
    void helpAndVersionSucceed() {
        assertThat(run("--help").status()).isZero();
        assertThat(run("--help").out()).startsWith("usage: scoutfs <command> [<args>]\n");
        assertThat(run("--version").status()).isZero();
        assertThat(run("--version").out()).startsWith("scoutfs ");
    }

    @Test
    void unknownCommand() {
        CommandLine.Result result = run("frobnicate");

        assertThat(result.status()).isEqualTo(1);
        assertThat(result.out()).isEmpty();
        assertThat(result.err())
                .startsWith("scoutfs: unrecognized command: 'frobnicate'\nusage: scoutfs <command> [<args>]\n");
    }

    static Stream<Command> commands() {
        return Commands.all().stream().map(Subcommand::command);
    }

    @ParameterizedTest
    @MethodSource("commands")
    void eachCommandHelps(Command command) {
        CommandLine.Result help = run(command.name(), "--help");
        CommandLine.Result letter = run(command.name(), "-?");
        CommandLine.Result usage = run(command.name(), "--usage");

        assertThat(help.status()).isZero();
        assertThat(help.err()).isEmpty();
        assertThat(help.out()).startsWith("Usage: scoutfs " + command.name()).contains("  -?, --help");
        assertThat(help.out().lines()).allSatisfy(line -> assertThat(line.length()).isLessThanOrEqualTo(80));
        assertThat(letter).isEqualTo(help);
        assertThat(usage.status()).isZero();
        assertThat(usage.out()).startsWith("Usage: scoutfs " + command.name()).contains("[--usage]");
    }

    @ParameterizedTest
    @MethodSource("commands")
    void eachCommandIsFoundByItsName(Command command) {
        Subcommand found = Commands.find(command.name());

        assertThat(found).isNotNull();
        assertThat(found.command().summary()).isEqualTo(command.summary()).doesNotEndWith(".");
    }

    @ParameterizedTest
    @MethodSource("commands")
    void eachCommandRefusesAnUnknownOption(Command command) {
        CommandLine.Result result = run(command.name(), "--no-such-option");

        assertThat(result.status()).isEqualTo(64);
        assertThat(result.out()).isEmpty();
        assertThat(result.err())
                .isEqualTo(command.name() + ": unrecognized option '--no-such-option'\nTry `" + command.name()
                        + " --help' or `" + command.name() + " --usage' for more information.\n");
    }

    /** Each line: the arguments, the exit status, the first line on standard error. */
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '"',
            value = {
                "walk-inodes                          | 64 | walk-inodes: must provide index",
                "walk-inodes meta_seq                 | 64 | walk-inodes: must provide first",
                "walk-inodes meta_seq 0               | 64 | walk-inodes: must provide last",
                "walk-inodes meta_seq 0 1 . x         | 64 | walk-inodes: Too many arguments",
                "walk-inodes atime 0 1                | 1 | unknown index 'atime', try 'meta_seq' or 'data_seq'",
                "walk-inodes meta_seq x 1             | 1 | bad index pos at 'x', it must be MAJOR[.MINOR[.INO]]",
                "walk-inodes meta_seq 1..2 3          | 1 | bad index pos at '1..2', it must be MAJOR[.MINOR[.INO]]",
                "walk-inodes meta_seq 1.2.3.4 5       | 1 | bad index pos at '1.2.3.4', it must be MAJOR[.MINOR[.INO]]",
                "walk-inodes meta_seq 0 1.4294967296  | 1 | bad index pos at '1.4294967296', it must be MAJOR[.MINOR[.INO]]",
                "walk-inodes -p                       | 64 | walk-inodes: option requires an argument -- 'p'",
                "walk-inodes -p /nowhere meta_seq 0 1 | 1 | failed to open '/nowhere': No such file or directory (2)",
                "walk-inodes meta_seq 0 -1 /nowhere   | 1 | failed to open '/nowhere': No such file or directory (2)",
                "walk-inodes -p / meta_seq 0 1 "
                        + "                              | 1 | walk_inodes ioctl failed: Inappropriate ioctl for device (25)",
                "ino-path                             | 64 | ino-path: must provide ino",
                "ino-path 0                           | 64 | ino-path: must provide inode number",
                "ino-path x                           | 1 | invalid 64bit value: 'x'",
                "ino-path -p / 1                      | 1 | inodes_since ioctl failed: Inappropriate ioctl for device (25)",
                "get-referring-entries                | 64 | get-referring-entries: must provide ino",
                "get-referring-entries 1 2            | 64 | get-referring-entries: Too many arguments",
                "get-referring-entries 1z             | 1 | invalid 64bit value: '1z'",
                "set-attr-x                           | 64 | set-attr-x: must provide file",
                "set-attr-x -v 0 /nowhere             | 64 | set-attr-x: data version must not be 0",
                "set-attr-x -c 5 /nowhere             | 1 | invalid time '5', it must be SECS.NSECS",
                "set-attr-x -p 1 /nowhere             | 1 | failed to open '/nowhere': No such file or directory (2)",
                "set-attr-x -p 1 /                    | 1 | attr_x ioctl failed on '/': Inappropriate ioctl for device (25)",
                "get-attr-x -p /                      | 1 | attr_x ioctl failed on '/': Inappropriate ioctl for device (25)",
                "quota-add                            | 64 | quota-add: must provide path",
                "quota-del -p /                       | 64 | quota-del: must provide rule",
                "quota-list                           | 64 | quota-list: must provide path",
                "quota-list -p /                      | 1 | GET_QUOTA_RULES ioctl failed: Inappropriate ioctl for device (25)",
                "quota-wipe -p /                      | 1 | GET_QUOTA_RULES ioctl failed: Inappropriate ioctl for device (25)",
                "list-hidden-xattrs                   | 64 | list-hidden-xattrs: must provide file",
                "search-xattrs                        | 64 | search-xattrs: must provide xattr-name",
                "search-xattrs -p / scoutfs.srch.a    | 1 | search_xattrs ioctl failed: Inappropriate ioctl for device (25)",
                "read-xattr-totals -p /               | 1 | read_xattr_totals ioctl failed: Inappropriate ioctl for device (25)",
                "read-xattr-index -p / 0.0.0          | 1 | read_xattr_index ioctl failed: Inappropriate ioctl for device (25)",
                "read-xattr-index 1.2                 | 1 | bad index position entry argument '1.2', it must be in the form"
                        + " \"a.b.ino\" where each value can be prefixed by '0' for octal or '0x' for hex",
                "read-xattr-index 1.x.2 1.2.3         | 1 | bad index position entry argument '1.x.2', it must be in the form"
                        + " \"a.b.ino\" where each value can be prefixed by '0' for octal or '0x' for hex",
                "read-xattr-index 256.1.2             | 1 | initial major index position '256' must be between 0 and 255,"
                        + " inclusive.",
                "read-xattr-index 2.2.2 2.2.1         | 1 | first index position 2.2.2 must be less than last index position"
                        + " 2.2.1",
                "get-allocated-inos                   | 64 | get-allocated-inos: must provide ino",
                "get-allocated-inos -i x              | 1 | invalid 64bit value: 'x'",
                "get-allocated-inos -i 1 -p /nowhere  | 1 | failed to open '/nowhere': No such file or directory (2)",
                "release                              | 64 | release: must provide file",
                "release /nowhere                     | 64 | release: must provide file version --data-version",
                "release /nowhere -V 0                | 64 | release: must provide file version --data-version",
                "release /nowhere -V 1                | 1 | failed to open '/nowhere': No such file or directory (2)",
                "stage /nowhere /nowhere              | 64 | stage: must provide file version with --data-version",
                "stage /nowhere /nowhere -V 1         | 1 | '/nowhere' cannot be read: /nowhere",
                "stage /dev/null /nowhere -V 1        | 1 | failed to open '/nowhere': No such file or directory (2)",
                "data-waiting                         | 64 | data-waiting: must provide --inode",
                "data-waiting -I 0                    | 64 | data-waiting: must provide --block",
                "data-waiting -I 0 -B 0 -p /          | 1 | data_waiting ioctl failed: Inappropriate ioctl for device (25)",
                "data-wait-err                        | 64 | data-wait-err: must provide --inode",
                "data-wait-err -I 1 -V 1 -F 0 -C 1 -O x -E -5 "
                        + "                              | 64 | data-wait-err: the operation is one of read, write, change_size, not 'x'",
                "data-wait-err -I 1 -V 1 -F 0 -C 1 -O read -E 5 "
                        + "                              | 64 | data-wait-err: the error is a number from -1 to -4095, not '5'",
                "resize-devices -d 1x                 | 1 | unknown suffix: 'x' in '1x'",
                "resize-devices 1                     | 64 | resize-devices: Too many arguments",
                "resize-devices -p /nowhere           | 1 | failed to open '/nowhere': No such file or directory (2)",
                "resize-devices -p /                  | 1 | resize_devices ioctl failed: Inappropriate ioctl for device (25)",
                "stat                                 | 64 | stat: must provide file",
                "stat a b                             | 64 | stat: Too many arguments",
                "stat /nowhere                        | 1 | failed to open '/nowhere': No such file or directory (2)",
                "stat -s                              | 64 | stat: option requires an argument -- 's'",
                "stat -s meta_seq /                   | 0 | ioctl failed: Inappropriate ioctl for device (25)",
                "statfs -p /                          | 0 | ioctl failed: Inappropriate ioctl for device (25)",
                "statfs -p /nowhere                   | 1 | failed to open '/nowhere': No such file or directory (2)",
                "df -p /                              | 1 | df ioctl failed: Inappropriate ioctl for device (25)",
                "df -x                                | 64 | df: invalid option -- 'x'",
                "counters /                           | 1 | counters ioctl failed: Inappropriate ioctl for device (25)",
                "counters / /                         | 64 | counters: Too many arguments"
            })
    void wrongArguments(String line, int status, String firstLine) {
        CommandLine.Result result = run(line.trim().split(" +"));

        assertThat(result.err()).startsWith(firstLine + "\n");
        assertThat(result.status()).isEqualTo(status);
        assertThat(result.out()).isEmpty();
    }

    @Test
    void failuresEndWithTheCommonLine() {
        assertThat(run("stat", "/nowhere").err())
                .isEqualTo("failed to open '/nowhere': No such file or directory (2)\n"
                        + "scoutfs: stat failed: No such file or directory (2)\n");
    }

    @Test
    void pathComesFromTheEnvironment() {
        CommandLine.Result result =
                new CommandLine().with("SCOUTFS_MOUNT_PATH", "/nowhere").run("statfs");

        assertThat(result.err()).startsWith("failed to open '/nowhere'");
    }
}
