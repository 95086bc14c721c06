package org.scoutfs.node;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import org.scoutfs.fuse.FuseOptions;
import org.scoutfs.net.NodeAddress;
import org.scoutfs.sys.Mounts;

/**
 * What {@code -o} asked for. An option that is not known, or has no sensible value, fails the mount: a volume that is mounted
 * otherwise than its administrator meant is worse than one that is not.
 *
 * @param kernelFlags for mount(2): nosuid, noatime and so on
 * @param metaDevice the metadata device of a volume with two
 * @param uring which way requests come from the kernel
 * @param awake whether CPUs are kept from sleeping while many requests come
 * @param isWriteback the kernel may keep written pages back for a while
 * @param cacheBytes memory for blocks of the index
 * @param dirtyBytes most bytes of file data that wait for a commit
 * @param commitMillis how long a change waits for its commit at most
 * @param preallocBlocks most blocks of storage that a growing file gets ahead of its data
 * @param isPreallocContigOnly only files without holes that are appended to get it
 * @param arePredecessorsGone an administrator's word: who mounted the volume before and did not end it in order writes no more
 * @param isPlainFuse use type fuse although a block device is there
 * @param log where log lines go when the mount is in the background
 * @param metrics where metrics are served; null for nowhere
 * @param cluster how it takes part in a cluster; null for a mount that is alone on its volume
 */
public record MountOptions(
        boolean isReadOnly,
        long kernelFlags,
        @Nullable Path metaDevice,
        FuseOptions.Uring uring,
        FuseOptions.Awake awake,
        boolean isWriteback,
        long cacheBytes,
        long dirtyBytes,
        long commitMillis,
        long preallocBlocks,
        boolean isPreallocContigOnly,
        boolean arePredecessorsGone,
        boolean isPlainFuse,
        Path log,
        @Nullable NodeAddress metrics,
        @Nullable ClusterOptions cluster) {
    public static final MountOptions DEFAULTS = defaults();

    private static MountOptions defaults() {
        try {
            return new Parser().result();
        } catch (OptionException impossible) {
            throw new IllegalStateException(impossible);
        }
    }

    /** @throws OptionException names the option that is wrong, and how */
    public static MountOptions parse(List<String> lists) throws OptionException {
        Parser parser = new Parser();
        for (String list : lists) {
            for (String option : list.split(",", -1)) {
                if (!option.isEmpty()) {
                    parser.add(option);
                }
            }
        }
        if (parser.isReadOnly && parser.isWriteback) {
            throw new OptionException("option writeback=on keeps writes back, and a mount with ro has none");
        }
        return parser.result();
    }

    /** For the manual page: names with what they mean, in its order. */
    public static List<Description> descriptions() {
        List<Description> all = new ArrayList<>(ofOneMount());
        all.addAll(ClusterWish.descriptions());
        return all;
    }

    private static List<Description> ofOneMount() {
        return List.of(
                new Description("ro", "Mount for reading. Nothing is written to the device, not one byte. Several read-only"
                        + " mounts, and one read-only beside a writing one, are refused like any second mount."),
                new Description("metadev_path=PATH", "The metadata device of a volume that has two; the device to be mounted is"
                        + " then the data device."),
                new Description("uring=auto|on|off", "Whether requests come through FUSE over io_uring, which is faster. auto, the"
                        + " default, uses it when the kernel offers it (6.14 or later, with the module parameter enable_uring of"
                        + " fuse set), and says in the log what it took."),
                new Description("awake=auto|on|off", "Whether idle CPUs are kept from sleeping while many requests come: waking a"
                        + " virtual CPU takes longer than most requests. They spin meanwhile, which costs power, and time of the host."
                        + " auto, the default, does so on virtual machines whose driver for idle CPUs is haltpoll; on, wherever"
                        + " /dev/cpu_dma_latency is."),
                new Description("writeback=on|off", "on lets the kernel keep small writes back and send them in large ones. Off by"
                        + " default: with it, what archives rely on (errors of write(2), times, data_seq at once) comes late."
                        + " Holes of files are then not found (SEEK_HOLE), and the blocks of a file are counted when it is closed. Not"
                        + " with ro."),
                new Description("cache=SIZE", "Memory for blocks of the index, outside of the Java heap. Default 256M, at least"
                        + " 16M."),
                new Description("dirty=SIZE", "Most written bytes that wait for a commit; writers wait beyond it. Default 128M, at"
                        + " least 16M."),
                new Description("commit_ms=N", "A change is committed at the latest after this many milliseconds without anybody"
                        + " asking. Default 1000, from 10 to 60000."),
                new Description("data_prealloc_blocks=N", "A file that grows from commit to commit gets storage for up to so many"
                        + " blocks of 4 KiB ahead of its data, as much as it has data at most. Default 2048. What lies beyond the"
                        + " end of the file goes back when the file is closed."),
                new Description("data_prealloc_contig_only=0|1", "1, the default: only a file without holes that is appended to"
                        + " gets storage ahead. 0: the aligned region of data_prealloc_blocks around the block that was written"
                        + " last is filled, whatever the pattern."),
                new Description("predecessors=watched|gone", "gone is the administrator's word that no process that had this volume"
                        + " mounted before can still write to it, for instance because its host was switched off. The space that"
                        + " is kept back on account of processes of other hosts that did not unmount is then free again. By"
                        + " default it stays back until they are known to have ended. Wrong, it destroys the volume. Not in a"
                        + " cluster, and not with ro."),
                new Description("type=auto|fuse", "fuse mounts as type fuse.scoutfs although there is a block device. sync(2) is then"
                        + " not durable; fsync(2) is."),
                new Description("log=PATH", "Where a mount in the background writes its log lines. Default /var/log/scoutfs.log. Not"
                        + " on a scoutfs mount."),
                new Description("metrics=ADDRESS:PORT", "Serve what scoutfs cluster and scoutfs counters show to Prometheus, as"
                        + " http://ADDRESS:PORT/metrics. Anybody who reaches the address can read it. Off by default."),
                new Description("loop", "A plain file gets a loop device. Always so; taken for compatibility."),
                new Description("acl", "POSIX access control lists are obeyed. Always so; taken for compatibility."),
                new Description("noatime, nodev, nosuid, noexec, sync, ...", "As in mount(8)."));
    }

    /** An option and its sentences. */
    public record Description(String form, String text) {}

    /** An option that is not known, or has no sensible value. */
    public static final class OptionException extends Exception {
        private static final long serialVersionUID = 1L;

        OptionException(String message) {
            super(message, null, false, false);
        }
    }

    private static final class Parser {
        private static final long MIB = 1 << 20;

        private boolean isReadOnly;
        private long kernelFlags;
        private @Nullable Path metaDevice;
        private FuseOptions.Uring uring = FuseOptions.Uring.AUTO;
        private FuseOptions.Awake awake = FuseOptions.Awake.AUTO;
        private boolean isWriteback;
        private long cacheBytes = 256 * MIB;
        private long dirtyBytes = 128 * MIB;
        private long commitMillis = 1000;
        private long preallocBlocks = 2048;
        private boolean isPreallocContigOnly = true;
        private boolean arePredecessorsGone;
        private boolean isPlainFuse;
        private Path log = Path.of("/var/log/scoutfs.log");
        private @Nullable NodeAddress metrics;
        private final ClusterWish cluster = new ClusterWish();
        private final List<String> seen = new ArrayList<>();

        MountOptions result() throws OptionException {
            @Nullable ClusterOptions together = cluster.result();
            if (arePredecessorsGone && (isReadOnly || together != null)) {
                throw new OptionException("option predecessors=gone is for a writing mount that is alone");
            }
            return new MountOptions(
                    isReadOnly,
                    kernelFlags,
                    metaDevice,
                    uring,
                    awake,
                    isWriteback,
                    cacheBytes,
                    dirtyBytes,
                    commitMillis,
                    preallocBlocks,
                    isPreallocContigOnly,
                    arePredecessorsGone,
                    isPlainFuse,
                    log,
                    metrics,
                    together);
        }

        void add(String option) throws OptionException {
            int equals = option.indexOf('=');
            if (equals < 0) {
                addFlag(option);
            } else {
                addValue(option.substring(0, equals), option.substring(equals + 1));
            }
        }

        private void addFlag(String name) throws OptionException {
            switch (name) {
                case "ro" -> isReadOnly = true;
                case "rw" -> isReadOnly = false;
                case "nosuid" -> kernelFlags |= Mounts.MS_NOSUID;
                case "suid" -> kernelFlags &= ~Mounts.MS_NOSUID;
                case "nodev" -> kernelFlags |= Mounts.MS_NODEV;
                case "dev" -> kernelFlags &= ~Mounts.MS_NODEV;
                case "noexec" -> kernelFlags |= Mounts.MS_NOEXEC;
                case "exec" -> kernelFlags &= ~Mounts.MS_NOEXEC;
                case "sync" -> kernelFlags |= Mounts.MS_SYNCHRONOUS;
                case "async" -> kernelFlags &= ~Mounts.MS_SYNCHRONOUS;
                case "dirsync" -> kernelFlags |= Mounts.MS_DIRSYNC;
                case "noatime" -> kernelFlags |= Mounts.MS_NOATIME;
                case "atime" -> kernelFlags &= ~Mounts.MS_NOATIME;
                case "nodiratime" -> kernelFlags |= Mounts.MS_NODIRATIME;
                case "diratime" -> kernelFlags &= ~Mounts.MS_NODIRATIME;
                case "relatime" -> kernelFlags |= Mounts.MS_RELATIME;
                case "norelatime" -> kernelFlags &= ~Mounts.MS_RELATIME;
                case "strictatime" -> kernelFlags |= Mounts.MS_STRICTATIME;
                case "lazytime" -> kernelFlags |= Mounts.MS_LAZYTIME;
                case "defaults", "acl", "loop" -> {} // what we do anyway
                // For mount(8) and the init system; they mean nothing to a file system.
                case "auto", "noauto", "user", "nouser", "users", "owner", "group", "_netdev", "nofail" -> {}
                default -> {
                    if (!name.startsWith("x-")) {
                        throw unknown(name);
                    }
                }
            }
        }

        private void addValue(String name, String value) throws OptionException {
            if (name.startsWith("x-") || name.equals("comment")) {
                return;
            }
            if (seen.contains(name)) {
                throw new OptionException("option " + name + " is given twice");
            }
            seen.add(name);
            switch (name) {
                case "metadev_path" -> metaDevice = path(name, value);
                case "uring" -> uring = choice(name, value, FuseOptions.Uring.class);
                case "awake" -> awake = choice(name, value, FuseOptions.Awake.class);
                case "writeback" -> isWriteback = choice(name, value, Switch.class) == Switch.ON;
                case "cache" -> cacheBytes = size(name, value, 16 * MIB, 1L << 40);
                case "dirty" -> dirtyBytes = size(name, value, 16 * MIB, 1L << 40);
                case "commit_ms" -> commitMillis = number(name, value, 10, 60_000);
                case "data_prealloc_blocks" -> preallocBlocks = number(name, value, 1, (1L << 52) - 1);
                case "data_prealloc_contig_only" -> isPreallocContigOnly = number(name, value, 0, 1) == 1;
                case "predecessors" -> arePredecessorsGone = choice(name, value, Predecessors.class) == Predecessors.GONE;
                case "type" -> isPlainFuse = choice(name, value, Type.class) == Type.FUSE;
                case "metrics" -> metrics = ClusterWish.metrics(value);
                case "log" -> log = path(name, value);
                default -> {
                    if (!cluster.take(name, value)) {
                        throw unknown(name);
                    }
                }
            }
        }

        private enum Switch {
            ON,
            OFF
        }

        private enum Predecessors {
            WATCHED,
            GONE
        }

        private enum Type {
            AUTO,
            FUSE
        }

        private static OptionException unknown(String name) {
            return new OptionException("unknown mount option '" + name + "'");
        }

        private static <E extends Enum<E>> E choice(String name, String value, Class<E> choices)
                throws OptionException {
            List<String> names = new ArrayList<>();
            for (E choice : choices.getEnumConstants()) {
                String lower = choice.name().toLowerCase(Locale.ROOT);
                if (lower.equals(value)) {
                    return choice;
                }
                names.add(lower);
            }
            throw new OptionException(
                    "option " + name + " is one of " + String.join(", ", names) + ", not '" + value + "'");
        }

        private static Path path(String name, String value) throws OptionException {
            if (value.isEmpty() || value.indexOf('\0') >= 0) {
                throw new OptionException("option " + name + " needs a path");
            }
            return Path.of(value);
        }

        private static long number(String name, String value, long least, long most) throws OptionException {
            try {
                long number = Long.parseLong(value);
                if (number >= least && number <= most) {
                    return number;
                }
            } catch (NumberFormatException notANumber) {
                // told below
            }
            throw new OptionException(
                    "option " + name + " is a number from " + least + " to " + most + ", not '" + value + "'");
        }

        private static long size(String name, String value, long least, long most) throws OptionException {
            int power = value.isEmpty() ? -1 : "KMGT".indexOf(value.charAt(value.length() - 1));
            String digits = power < 0 ? value : value.substring(0, value.length() - 1);
            try {
                long number = Math.multiplyExact(Long.parseLong(digits), 1L << 10 * (power + 1));
                if (number >= least && number <= most) {
                    return number;
                }
            } catch (NumberFormatException | ArithmeticException notASize) {
                // told below
            }
            throw new OptionException("option " + name + " is a size from " + least / MIB + "M to " + most / MIB
                    + "M, not '" + value + "'");
        }
    }
}
