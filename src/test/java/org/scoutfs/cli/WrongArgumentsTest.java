package org.scoutfs.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Every argument of every subcommand, wrong in every way that its declaration allows: one line that says what is wrong, the hint or the
 * common last line after it, and 64 for usage, 1 for failure. Nothing goes to standard output, and nothing is made.
 */
class WrongArgumentsTest {
    @TempDir
    private Path directory;

    static Stream<Command> commands() {
        return Commands.all().stream().map(Subcommand::command);
    }

    private void assertUsage(Command command, String expected, String... words) {
        List<String> all = new ArrayList<>(List.of(command.name()));
        all.addAll(List.of(words));
        CommandLine.Result result = new CommandLine().run(all.toArray(new String[0]));
        assertThat(result.err())
                .as("%s", all)
                .isEqualTo(command.name() + ": " + expected + "\nTry `" + command.name() + " --help' or `" + command.name()
                        + " --usage' for more information.\n");
        assertThat(result.status()).as("%s", all).isEqualTo(64);
        assertThat(result.out()).as("%s", all).isEmpty();
    }

    @ParameterizedTest
    @MethodSource("commands")
    void optionsThatAreNone(Command command) {
        String letters = "";
        for (Option option : ArgumentParser.allOptions(command)) {
            letters += option.letter();
        }
        for (char letter : "aZ@%=~".toCharArray()) {
            if (letters.indexOf(letter) < 0) {
                assertUsage(command, "invalid option -- '" + letter + "'", "-" + letter);
            }
        }
        assertUsage(command, "unrecognized option '--no-such'", "--no-such=5");
        assertUsage(command, "unrecognized option '--helpful'", "--helpful");
    }

    @ParameterizedTest
    @MethodSource("commands")
    void optionsWithoutTheirArgument(Command command) {
        for (Option option : command.options()) {
            if (option.takesArgument()) {
                assertUsage(command, "option '--" + option.name() + "' requires an argument", "--" + option.name());
                if (option.letter() != '\0') {
                    assertUsage(command, "option requires an argument -- '" + option.letter() + "'", "-" + option.letter());
                }
            } else {
                assertUsage(command, "option '--" + option.name() + "' doesn't allow an argument", "--" + option.name() + "=x");
            }
        }
        assertUsage(command, "option '--help' doesn't allow an argument", "--help=x");
    }

    @ParameterizedTest
    @MethodSource("commands")
    void tooFewAndTooManyOperands(Command command) {
        List<String> words = new ArrayList<>();
        for (String operand : command.operands()) {
            assertUsage(command, "must provide " + operand, words.toArray(new String[0]));
            words.add("/nowhere/at/all");
        }
        boolean takesAny = command.extraOperands() > 10; // and ignores them, as the original does
        for (int i = 0; i <= command.extraOperands() && !takesAny; i++) {
            words.add("/nowhere/at/all");
        }
        if (!takesAny) {
            assertUsage(command, "Too many arguments", words.toArray(new String[0]));
        }
    }

    @ParameterizedTest
    @MethodSource("commands")
    void ambiguousBeginnings(Command command) {
        // The empty name is the beginning of every option.
        CommandLine.Result result = new CommandLine().run(command.name(), "--=x");
        assertThat(result.status()).isEqualTo(64);
        assertThat(result.err()).startsWith(command.name() + ": option '--' is ambiguous; possibilities:");
    }

    /**
     * Each line: the arguments, the exit status, how the first line on standard error begins. IMAGE is a plain file of 300 MiB, SMALL one
     * of 1 MiB, DIR a directory, NONE a path that is not there, NOTDIR one below a file.
     */
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '"',
            value = {
                "mkfs NONE                            | 1  | ",
                "mkfs NOTDIR                          | 1  | ",
                "mkfs DIR                             | 1  | DIR is neither a block device nor a plain file",
                "mkfs SMALL                           | 1  | 1.00MB too small for min 256.00MB device",
                "mkfs --size 10X NONE                 | 1  | ",
                "mkfs --size -1 NONE                  | 1  | ",
                "mkfs --size x NONE                   | 1  | ",
                "mkfs --size 1M NONE                  | 1  | 1.00MB too small",
                "mkfs --size 16E NONE                 | 1  | ",
                "mkfs --size 8E NONE                  | 1  | ",
                "mkfs --size 99999999999999999999 NONE | 1 | ",
                "mkfs --size 1G DIR                   | 64 | mkfs: --size is for plain files, and DIR is none",
                "mkfs --size 1G IMAGE IMAGE           | 64 | mkfs: --size makes one file",
                "mkfs -d 1G IMAGE                     | 64 | mkfs: --max-data-size needs a data device",
                "mkfs -m 1M IMAGE                     | 1  | ",
                "mkfs -V 99 IMAGE                     | 64 | mkfs: format version 99 is not supported",
                "mkfs -V x IMAGE                      | 1  | ",
                "mkfs IMAGE IMAGE                     | 1  | warning:",
                "mkfs IMAGE NONE                      | 1  | ",
                "check NONE                           | 8  | check: ",
                "check DIR                            | 8  | check: ",
                "check NOTDIR                         | 8  | check: ",
                "print NONE                           | 1  | ",
                "print DIR                            | 1  | ",
                "print SMALL                          | 1  | ",
                "print IMAGE                          | 1  | ",
                "mount NONE DIR                       | 1  | no device NONE",
                "mount DIR DIR                        | 1  | ",
                "mount SMALL DIR                      | 1  | ",
                "mount SMALL NONE                     | 1  | ",
                "mount SMALL SMALL                    | 1  | ",
                "mount -o bogus SMALL DIR             | 1  | unknown mount option 'bogus'",
                "mount -o uring=maybe SMALL DIR       | 1  | option uring is one of auto, on, off, not 'maybe'",
                "mount -o cache=1 SMALL DIR           | 1  | option cache is a size from 16M",
                "mount -o cache= SMALL DIR            | 1  | option cache is a size",
                "mount -o cache=9E SMALL DIR          | 1  | option cache is a size",
                "mount -o dirty=-1 SMALL DIR          | 1  | option dirty is a size",
                "mount -o commit_ms=0 SMALL DIR       | 1  | option commit_ms is a number from 10 to 60000",
                "mount -o commit_ms=x SMALL DIR       | 1  | option commit_ms is a number",
                "mount -o ro,writeback=on SMALL DIR   | 1  | option writeback=on keeps writes back, and a mount with ro has none",
                "mount -o writeback=on -o ro SMALL DIR | 1 | option writeback=on keeps writes back, and a mount with ro has none",
                "mount -o ro=1 SMALL DIR              | 1  | unknown mount option 'ro'",
                "mount -o type=ext4 SMALL DIR         | 1  | option type is one of",
                "mount -o log= SMALL DIR              | 1  | option log needs a path",
                "mount -o metadev_path= SMALL DIR     | 1  | option metadev_path needs a path",
                "mount -o metadev_path=NONE SMALL DIR | 1  | ",
                "mount -o cache=16M,cache=17M SMALL DIR | 1 | option cache is given twice",
                "mount -o quorum_slot_nr=15 SMALL DIR | 1  | option quorum_slot_nr is a number from 0 to 14, not '15'",
                "mount -o quorum_slot_nr=-1 SMALL DIR | 1  | option quorum_slot_nr is a number from 0 to 14, not '-1'",
                "mount -o quorum_slot_nr= SMALL DIR   | 1  | option quorum_slot_nr is a number from 0 to 14, not ''",
                "mount -o quorum_slot_nr SMALL DIR    | 1  | unknown mount option 'quorum_slot_nr'",
                "mount -o quorum_slot_nr=0,quorum_slot_nr=1 SMALL DIR | 1 | option quorum_slot_nr is given twice",
                "mount -o listen= SMALL DIR           | 1  | option listen needs one numeric ADDRESS[:PORT] of this host",
                "mount -o listen=host SMALL DIR       | 1  | option listen needs one numeric ADDRESS[:PORT] of this host",
                "mount -o listen=0.0.0.0 SMALL DIR    | 1  | option listen needs one numeric ADDRESS[:PORT] of this host",
                "mount -o listen=10.0.0.1:70000 SMALL DIR | 1 | option listen needs one numeric ADDRESS[:PORT] of this host",
                "mount -o listen=10.0.0.1:x SMALL DIR | 1  | option listen needs one numeric ADDRESS[:PORT] of this host",
                "mount -o listen=[::1 SMALL DIR       | 1  | option listen needs one numeric ADDRESS[:PORT] of this host",
                "mount -o cluster= SMALL DIR          | 1  | option cluster is a name",
                "mount -o cluster=a/b SMALL DIR       | 1  | option cluster is a name",
                "mount -o quorum_slot_nr=0,lease_ms=1 SMALL DIR | 1 | option lease_ms is a number from 2000 to 60000, not '1'",
                "mount -o quorum_slot_nr=0,lease_ms=x SMALL DIR | 1 | option lease_ms is a number from 2000 to 60000, not 'x'",
                "mount -o lease_ms=5000 SMALL DIR     | 1  | option lease_ms is for a mount in a cluster",
                "mount -o quorum_dir=/var/q SMALL DIR | 1  | option quorum_dir is for a mount in a cluster",
                "mount -o quorum_dir=q SMALL DIR      | 1  | option quorum_dir needs an absolute path, not 'q'",
                "mount -o quorum_slot_nr=0,tls=NONE SMALL DIR | 1 | option tls: ",
                "mount -o quorum_slot_nr=0,tls= SMALL DIR | 1 | option tls needs an absolute path, not ''",
                "mount -o quorum_slot_nr=0,predecessors=gone SMALL DIR | 1 | option predecessors=gone is for a writing mount that is alone",
                "mount -o quorum_slot_nr=0 SMALL DIR  | 1  | ",
                "mkfs -Q 0 IMAGE                      | 64 | mkfs: a quorum slot is NR,ADDR,PORT, not '0'",
                "mkfs -Q 15,10.0.0.1,5500 IMAGE       | 64 | mkfs: quorum slot '15,10.0.0.1,5500'",
                "mkfs -Q 0,10.0.0.1,0 IMAGE           | 64 | mkfs: quorum slot '0,10.0.0.1,0'",
                "mkfs -Q 0,name,5500 IMAGE            | 64 | mkfs: quorum slot '0,name,5500'",
                "mkfs -Q 0,10.0.0.1,5500 -Q 0,10.0.0.2,5500 IMAGE | 64 | mkfs: ",
                "change-quorum-config -Q 0,10.0.0.1,5500 SMALL | 64 | change-quorum-config: must specify --offline",
                "change-quorum-config --offline -Q 0,10.0.0.1,5500 NONE | 1 | ",
                "change-quorum-config --offline -Q 0,10.0.0.1,5500 SMALL | 1 | ",
                "umount DIR                           | 1  | DIR is not a scoutfs mount",
                "umount NONE                          | 1  | ",
                "umount NOTDIR                        | 1  | ",
                "walk-inodes meta_seq -x 1            | 64 | walk-inodes: invalid option -- 'x'",
                "walk-inodes meta_seq 0 -1 SMALL      | 1  | ",
                "ino-path -p DIR 0x                   | 1  | invalid 64bit value: '0x'",
                "ino-path -p SMALL 1                  | 1  | ",
                "get-referring-entries -p NOTDIR 1    | 1  | failed to open 'NOTDIR': Not a directory (20)",
                "get-allocated-inos -i 1 -p DIR       | 1  | ",
                "stat NOTDIR                          | 1  | failed to open 'NOTDIR': Not a directory (20)",
                "statfs -p NOTDIR                     | 1  | failed to open 'NOTDIR': Not a directory (20)",
                "df -p SMALL                          | 1  | ",
                "counters -p NONE                     | 1  | failed to open 'NONE': No such file or directory (2)",
            })
    void wrongValues(String line, int status, String firstLine) throws IOException {
        try (RandomAccessFile image = new RandomAccessFile(directory.resolve("image").toFile(), "rw");
                RandomAccessFile small = new RandomAccessFile(directory.resolve("small").toFile(), "rw")) {
            image.setLength(300L << 20);
            small.setLength(1 << 20);
        }
        Path dir = Files.createDirectory(directory.resolve("dir"));
        String words = paths(line, dir);
        CommandLine.Result result;
        try {
            result = new CommandLine().run(words.trim().split(" +"));
        } catch (RuntimeException | Error bug) {
            throw new AssertionError(line, bug);
        }

        assertThat(result.status()).as(result.err()).isEqualTo(status);
        assertThat(result.err()).startsWith(firstLine == null ? "" : paths(firstLine, dir));
        assertThat(result.err()).isNotBlank().doesNotContain("Exception", "\tat ", "null");
        // What is wrong, and the line that all failures end with; or the hint; a small device is warned of before.
        assertThat(result.err().lines().filter(said -> !said.startsWith("warning: ")).count())
                .as(result.err())
                .isLessThanOrEqualTo(2);
        assertThat(directory.resolve("none")).doesNotExist();
        assertThat(Files.size(directory.resolve("image"))).isEqualTo(300L << 20);
    }

    /** A path that Java cannot make one of: bytes that the locale has no characters for come like this, too. */
    @ParameterizedTest
    @CsvSource({"check", "print", "mkfs", "umount"})
    void whatIsNoPath(String command) {
        CommandLine.Result result = new CommandLine().run(command, "a\0b");

        assertThat(result.status()).isEqualTo(1);
        assertThat(result.out()).isEmpty();
        assertThat(result.err()).startsWith("not a path: ").doesNotContain("Exception");
        assertThat(result.err().lines().count()).isEqualTo(2);
    }

    private String paths(String text, Path dir) {
        return text.replace("IMAGE", directory.resolve("image").toString())
                .replace("SMALL", directory.resolve("small").toString())
                .replace("NOTDIR", directory.resolve("small/x").toString())
                .replace("DIR", dir.toString())
                .replace("NONE", directory.resolve("none").toString());
    }
}
