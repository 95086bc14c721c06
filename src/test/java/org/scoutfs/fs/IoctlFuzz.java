package org.scoutfs.fs;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.scoutfs.base.Counters;
import org.scoutfs.base.Errno;
import org.scoutfs.base.FsException;
import org.scoutfs.format.ioctl.AllocatedInos;
import org.scoutfs.format.ioctl.InoPath;
import org.scoutfs.format.ioctl.IoctlCommand;
import org.scoutfs.format.ioctl.ReferringEntries;
import org.scoutfs.format.ioctl.WalkInodes;
import org.scoutfs.fs.archive.IoctlService;
import org.scoutfs.fuzz.FuzzTarget;
import org.scoutfs.net.Message;

/**
 * The private ioctls with any argument structure: an answer that fits into what the caller offered, or an error number; and never a
 * byte outside of the memory that the structure names.
 *
 * <p>An input: command u8, inode u8, then the structure. An address of 0 in it means the caller's memory.
 */
public final class IoctlFuzz implements FuzzTarget {
    private static final long ADDRESS = 1 << 20;
    private static final int MEMORY_BYTES = 1 << 16;
    private static final int[] COMMANDS = {
        IoctlCommand.WALK_INODES, IoctlCommand.INO_PATH, IoctlCommand.STAT_MORE, IoctlCommand.STATFS_MORE,
        IoctlCommand.ALLOC_DETAIL, IoctlCommand.GET_ALLOCATED_INOS, IoctlCommand.GET_REFERRING_ENTRIES, IoctlCommand.COUNTERS
    };

    private @Nullable Volume volume;

    /** A tree with something for each of them to tell. */
    private static final class Volume {
        final FsHarness harness = new FsHarness();
        final IoctlService ioctls = new IoctlService(
                harness.fs,
                harness.transactions,
                request -> new Message.VolumeStatus(0, 1600, 1000, 160, 400, 320, 7, 0),
                new Counters(),
                0xabcdL,
                77);
        final long[] inodes = new long[6];

        Volume() {
            try {
                harness.client.mkdir("directory");
                harness.client.create("directory/file", new byte[5000]);
                harness.client.link("directory/file", "another name");
                for (int i = 0; i < 40; i++) {
                    harness.client.create("f" + i, new byte[i % 2]);
                }
                harness.commit();
                inodes[0] = 1;
                inodes[1] = harness.client.ino("directory/file");
                inodes[2] = harness.client.ino("directory");
                inodes[3] = -1;
                inodes[5] = 99_999;
            } catch (FsException | IOException e) {
                throw new AssertionError(e);
            }
        }
    }

    @Override
    public void start() {
        volume = new Volume();
    }

    @Override
    public List<byte[]> seeds() {
        WalkInodes.Position end = WalkInodes.Position.LAST;
        return List.of(
                seed(0, 0, new WalkInodes(WalkInodes.Position.FIRST, end, ADDRESS, 100, WalkInodes.META_SEQ).encode()),
                seed(1, 0, new InoPath(1025, 0, 0, ADDRESS, 300).encode()),
                seed(2, 1, new byte[0]),
                seed(3, 0, new byte[0]),
                seed(4, 0, new byte[IoctlCommand.size(IoctlCommand.ALLOC_DETAIL)]),
                seed(5, 0, new AllocatedInos(1024, ADDRESS, 800).encode()),
                seed(6, 0, new ReferringEntries(1025, 0, 0, ADDRESS, 500).encode()),
                seed(7, 0, new byte[IoctlCommand.size(IoctlCommand.COUNTERS)]));
    }

    private static byte[] seed(int command, int inode, byte[] structure) {
        byte[] bytes = new byte[2 + structure.length];
        bytes[0] = (byte) command;
        bytes[1] = (byte) inode;
        System.arraycopy(structure, 0, bytes, 2, structure.length);
        return bytes;
    }

    @Override
    public void decode(byte[] input) {
        Volume on = volume;
        if (input.length < 2 || on == null) {
            return;
        }
        int command = COMMANDS[(input[0] & 0xff) % COMMANDS.length];
        int size = IoctlCommand.size(command);
        boolean isIn = (command >>> 30 & 1) != 0;
        byte[] in = isIn ? Arrays.copyOf(Arrays.copyOfRange(input, 2, input.length), size) : new byte[0];
        if (isIn && input.length > 3 && (input[1] & 0x80) == 0) {
            zeroesBecomeTheAddress(in);
        }
        long ino = on.inodes[(input[1] & 0x7f) % on.inodes.length];
        int outSize = isIn ? 0 : size;
        try {
            Ioctls.Reply reply = on.harness.client.call(request -> on.ioctls.call(
                    request, ino, 0, false, command, ADDRESS, MemorySegment.ofArray(in), outSize, new Caller()));
            if (reply.result() < 0 || reply.out().length > outSize) {
                throw new AssertionError(reply.result() + ", " + reply.out().length + " bytes of " + outSize);
            }
        } catch (FsException refused) {
            if (refused.errno() == Errno.EIO) {
                throw new AssertionError(refused);
            }
        } catch (IOException failure) {
            throw new AssertionError(failure);
        }
    }

    private static void zeroesBecomeTheAddress(byte[] in) {
        ByteBuffer words = ByteBuffer.wrap(in).order(ByteOrder.LITTLE_ENDIAN);
        for (int at = 0; at + 8 <= in.length; at += 8) {
            if (words.getLong(at) == 0) {
                words.putLong(at, ADDRESS);
            }
        }
    }

    /** A process with a little memory. */
    private static final class Caller implements CallerMemory {
        private final MemorySegment memory = MemorySegment.ofArray(new byte[MEMORY_BYTES]);

        @Override
        public void read(long address, MemorySegment into) throws FsException {
            into.copyFrom(slice(address, into.byteSize()));
        }

        @Override
        public void write(long address, MemorySegment from) throws FsException {
            slice(address, from.byteSize()).copyFrom(from);
        }

        private MemorySegment slice(long address, long size) throws FsException {
            if (address < ADDRESS || address - ADDRESS > MEMORY_BYTES - size) {
                throw FsException.of(Errno.EFAULT);
            }
            return memory.asSlice(address - ADDRESS, size);
        }

        @Override
        public boolean hasCapability(int number) {
            return true;
        }
    }
}
