package org.scoutfs.fs;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import org.scoutfs.base.Counters;
import org.scoutfs.base.Errno;
import org.scoutfs.base.FsException;
import org.scoutfs.format.ioctl.IoctlCommand;
import org.scoutfs.fs.archive.IoctlService;
import org.scoutfs.net.Message;

/** A process that makes ioctls: its memory, its request structure in it, its privileges. */
final class IoctlCaller implements CallerMemory {
    static final long ARGUMENT = 1 << 20;
    static final long BUFFER = ARGUMENT + (1 << 12);
    static final int READ_ONLY = 0;
    static final int WRITE_ONLY = 1;
    static final int READ_WRITE = 2;

    private static final ValueLayout.OfLong U64LE = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final int MEMORY_BYTES = 1 << 22;
    private static final long FIRST = ARGUMENT;

    private final FsHarness harness;
    private final MemorySegment bytes = MemorySegment.ofArray(new byte[MEMORY_BYTES]);
    /** One bit each. */
    long capabilities = -1;

    int uid;
    int gid;
    int group = -1;
    int openMode = READ_WRITE;

    IoctlCaller(FsHarness harness) {
        this.harness = harness;
    }

    /** The memory from an address on. */
    MemorySegment at(long address) {
        return bytes.asSlice(address - FIRST);
    }

    long u64(long address) {
        return at(address).get(U64LE, 0);
    }

    void setU64(long address, long value) {
        at(address).set(U64LE, 0, value);
    }

    /** Calls with a structure at {@link #ARGUMENT}; what comes back the way that the request code says is stored there. */
    int call(long ino, int command, byte[] structure) throws FsException, IOException {
        at(ARGUMENT).asSlice(0, structure.length).copyFrom(MemorySegment.ofArray(structure));
        int size = IoctlCommand.size(command);
        boolean isIn = (command >>> 30 & 1) != 0;
        boolean isOut = (command >>> 31) != 0;
        byte[] in = isIn ? at(ARGUMENT).asSlice(0, size).toArray(ValueLayout.JAVA_BYTE) : new byte[0];
        IoctlService ioctls = new IoctlService(
                harness.fs,
                harness.transactions,
                request -> new Message.VolumeStatus(0, 1600, 1000, 160, 400, 320, 7, 0),
                new Counters(),
                0xabcdL,
                77);
        Ioctls.Reply reply = harness.client.callAs(uid, gid, request -> ioctls.call(
                request, ino, openMode, false, command, ARGUMENT, MemorySegment.ofArray(in), isOut ? size : 0, this));
        if (reply.out().length > (isOut ? size : 0)) {
            throw new AssertionError("more comes back than the kernel takes: " + reply.out().length);
        }
        at(ARGUMENT).asSlice(0, reply.out().length).copyFrom(MemorySegment.ofArray(reply.out()));
        return reply.result();
    }

    /** What is expected to fail. */
    interface Action {
        Object run() throws FsException, IOException;
    }

    static Errno errno(Action action) throws IOException {
        try {
            throw new AssertionError("no error but " + action.run());
        } catch (FsException e) {
            return e.errno();
        }
    }

    @Override
    public void read(long address, MemorySegment into) throws FsException {
        into.copyFrom(slice(address, into.byteSize()));
    }

    @Override
    public void write(long address, MemorySegment from) throws FsException {
        slice(address, from.byteSize()).copyFrom(from);
    }

    private MemorySegment slice(long address, long size) throws FsException {
        if (address < FIRST || address - FIRST + size > MEMORY_BYTES) {
            throw FsException.of(Errno.EFAULT);
        }
        return bytes.asSlice(address - FIRST, size);
    }

    @Override
    public boolean hasCapability(int number) {
        return (capabilities >>> number & 1) != 0;
    }

    @Override
    public boolean isInGroup(int wanted) {
        return group == wanted;
    }
}
