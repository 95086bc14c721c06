package org.scoutfs.cli;

import java.util.Locale;
import org.scoutfs.base.Counter;
import org.scoutfs.node.MountOptions;

/** The manual pages, made of the commands' specifications, the mount options, and the counters. */
final class ManualPages {
    private final StringBuilder out = new StringBuilder();

    private ManualPages(String name, int section, String purpose) {
        line(".\\\" Made by `scoutfs manual " + name + "." + section + "'. Do not edit.");
        line(".TH " + name.toUpperCase(Locale.ROOT) + " " + section + " \"\" \"scoutfs 0.1.0\"");
        section("Name");
        line(name + " \\- " + purpose);
    }

    /** scoutfs(8). */
    static String commands() {
        ManualPages page = new ManualPages("scoutfs", 8, "make, mount, check and ask scoutfs volumes");
        page.section("Synopsis");
        page.line(".B scoutfs");
        page.line(".I COMMAND");
        page.line("[\\fIOPTIONS\\fR] [\\fIARGUMENTS\\fR]");
        page.section("Description");
        page.paragraphs("scoutfs is a file system for large archives. This program makes and mounts volumes and asks mounts for"
                + " what POSIX has no call for. The file system itself is described in scoutfs(5).\n"
                + "Options and arguments may come in any order; long options may be cut to any unambiguous beginning; a dash"
                + " with digits after it is a number, and -- ends the options. Numbers are decimal, hexadecimal with 0x or octal"
                + " with 0, and negative ones count back from the largest, so that -1 is the end. Sizes may end in K, M, G, T or"
                + " P.");
        page.section("Commands");
        for (Subcommand subcommand : Commands.all()) {
            page.command(subcommand.command());
        }
        page.section("Exit status");
        page.item("0", "Success.");
        page.item("1", "Failure. A line on standard error says what failed, with the error number.");
        page.item("64", "The arguments make no sense.");
        page.item("4, 8", "Of check: damage was found; or it could not be finished.");
        page.section("Environment");
        page.item("SCOUTFS_MOUNT_PATH", "Where commands look for a mount without \\-p.");
        page.item("JAVA_HOME", "Looked at first for a JDK 25.");
        page.item("SCOUTFS_HEAP", "Java heap of a mount. Default 640m.");
        page.section("Files");
        page.item("/run/scoutfs", "Which process serves which mount point.");
        page.item("/var/log/scoutfs.log", "Log lines of mounts in the background.");
        page.item("/sbin/mount.scoutfs", "A link to this program, so that mount \\-t scoutfs and /etc/fstab work.");
        page.section("See also");
        page.line("scoutfs(5), mount(8), fstab(5)");
        return page.out.toString();
    }

    /** scoutfs(5). */
    static String fileSystem() {
        ManualPages page = new ManualPages("scoutfs", 5, "a file system for large archives");
        page.section("Description");
        page.paragraphs("A volume is a block device, a plain file, or two block devices, one for metadata and one for data."
                + " `scoutfs mkfs' makes one, `mount -t scoutfs' or `scoutfs mount' mounts it. The mount is a process of its"
                + " own, which serves the kernel through FUSE; umount(8) returns when everything is on the device.\n"
                + "The file system is POSIX: hard and symbolic links, extended attributes, access control lists, file locks,"
                + " sparse files, O_TMPFILE, and so on. Inode numbers have 64 bits and are never used twice.\n"
                + "Each inode has two sequence numbers that stat(2) does not show: meta_seq, of the transaction that changed"
                + " it last, and data_seq, of the one that changed its contents last. `scoutfs walk-inodes' lists inodes in"
                + " their order. Who remembers how far it came finds later everything that changed since, at a cost that"
                + " depends on what changed and not on how much there is.\n"
                + "All changes go into transactions, and a transaction is on the device as a whole or not at all. It is"
                + " committed a second after its first change, and when somebody calls fsync(2), syncfs(2) or sync(2). After a"
                + " crash the volume is as of some commit. Data and metadata carry checksums; what does not fit its"
                + " checksum is an error (EIO) and a line in the log, never wrong data.");
        page.section("Mount options");
        for (MountOptions.Description option : MountOptions.descriptions()) {
            page.item(option.form(), option.text());
        }
        page.section("Counters");
        page.paragraphs("What `scoutfs counters' shows of a mount:");
        for (Counter counter : Counter.values()) {
            page.item(counter.label(), counter.description() + ".");
        }
        page.section("Limits");
        page.paragraphs("Without an option of a cluster, one mount at a time, of one host. A second one is refused.\n"
                + "Names have at most 255 bytes, an inode at most 2147483647 links, an extended attribute at most 65535 bytes.\n"
                + "What POSIX asks for and FUSE does not carry: the type that statfs(2) shows is FUSE's; FIEMAP is not"
                + " there; atime is not written back when a file is read.");
        page.section("See also");
        page.line("scoutfs(8), mount(8)");
        return page.out.toString();
    }

    private void command(Command command) {
        line(".SS scoutfs " + escape(command.name() + " " + command.synopsis()));
        paragraphs(command.description());
        for (Option option : command.options()) {
            String argument = option.argument() == null ? "" : "=\\fI" + escape(option.argument()) + "\\fR";
            line(".TP");
            line("\\fB\\-" + option.letter() + "\\fR, \\fB" + escape("--" + option.name()) + "\\fR" + argument);
            line(escape(option.description()));
        }
    }

    private void section(String heading) {
        line(".SH " + heading);
    }

    private void item(String tag, String text) {
        line(".TP");
        line(".B " + escape(tag));
        line(escape(text));
    }

    private void paragraphs(String text) {
        for (String paragraph : text.split("\n", -1)) {
            line(".PP");
            line(escape(paragraph));
        }
    }

    /** A backslash that is there already is ours; a dash is a real one; a dot at the start of a line would be a request. */
    private static String escape(String text) {
        String escaped = text.replace("\\-", "-").replace("-", "\\-").replace("'", "\\(cq");
        return escaped.startsWith(".") ? "\\&" + escaped : escaped;
    }

    private void line(String line) {
        out.append(line).append('\n');
    }
}
