package org.scoutfs.cli;

import java.lang.foreign.MemorySegment;
import java.util.List;
import org.scoutfs.format.ioctl.DataWaiting;
import org.scoutfs.format.ioctl.IoctlCommand;
import org.scoutfs.sys.SystemCallException;

/** {@code scoutfs data-waiting}. */
final class DataWaitingCommand implements Subcommand {
    private static final Option INODE = new Option('I', "inode", "INO", "Begin after this inode and block; 0 to see all. Needed.");
    private static final Option BLOCK = new Option('B', "block", "BLOCK", "The block, of 4 KiB, to begin after. Needed.");
    private static final int BATCH = 1024;
    private static final List<String> OPERATIONS = List.of("read", "write", "change_size");

    @Override
    public Command command() {
        return new Command(
                "data-waiting",
                Command.Group.ARCHIVE,
                "-I INO -B BLOCK [-p PATH]",
                "List who waits for offline data",
                "Prints a line for each offline block that programs on this mount wait for: the inode, the block, and what they want to do.",
                List.of(INODE, BLOCK, Option.PATH),
                List.of(),
                0);
    }

    @Override
    public int run(Arguments arguments, Console console) throws UsageException, CommandFailure {
        String inode = arguments.value(INODE.letter());
        String block = arguments.value(BLOCK.letter());
        if (inode == null) {
            throw new UsageException("must provide --inode");
        }
        if (block == null) {
            throw new UsageException("must provide --block");
        }
        long afterIno = Numbers.u64(inode);
        long afterBlock = Numbers.u64(block);
        try (MountedPath path = MountedPath.open(arguments, console)) {
            MemorySegment entries = path.allocate((long) BATCH * DataWaiting.Entry.SIZE);
            while (true) {
                int count = path.call(
                        IoctlCommand.DATA_WAITING,
                        new DataWaiting(0, afterIno, afterBlock, entries.address(), BATCH).encode());
                for (int i = 0; i < count; i++) {
                    DataWaiting.Entry entry = DataWaiting.Entry.decode(entries, i);
                    console.out().println("ino " + Long.toUnsignedString(entry.ino()) + " iblock "
                            + Long.toUnsignedString(entry.block()) + " ops " + operations(entry.operations()));
                    afterIno = entry.ino();
                    afterBlock = entry.block();
                }
                if (count < BATCH) {
                    return Main.OK;
                }
            }
        } catch (SystemCallException failure) {
            throw new CommandFailure(failure.number(), "data_waiting ioctl failed: " + MountedPath.reason(failure.number()));
        }
    }

    private static String operations(int bits) {
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < OPERATIONS.size(); i++) {
            if ((bits >>> i & 1) != 0) {
                text.append(text.isEmpty() ? "" : ",").append(OPERATIONS.get(i));
            }
        }
        return text.toString();
    }
}
