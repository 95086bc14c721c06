package org.scoutfs.fuse;

import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;
import org.scoutfs.base.Errno;
import org.scoutfs.base.FsException;
import org.scoutfs.fs.Request;
import org.scoutfs.fuse.wire.Arguments;
import org.scoutfs.fuse.wire.Headers;
import org.scoutfs.fuse.wire.Opcode;
import org.scoutfs.fuse.wire.Requests;
import org.scoutfs.fuse.wire.Wire;

/**
 * One request of the kernel with the room for its answer. Made once by a transport and used again for many requests.
 *
 * <p>It lies in one piece of memory: header, fixed part, arguments, and the body of the reply, at offsets that the transport
 * knows. Where it has to wait it is put aside whole, and its place is taken by another one; so a waiting request costs memory
 * but no thread.
 *
 * <p>At any time one thread owns it: the one that received it, then whoever {@link #requeue} brings it to. It is handed
 * over through queues only.
 */
abstract class Exchange {
    /** Of open(2) on x86-64; a file opened for appending is direct, too, where pages matter. */
    private static final int O_DIRECT = 040000;

    private static final int O_APPEND = 02000;

    // Constant after construction.
    final MemorySegment memory;
    private final long headOffset;
    private final long fixedOffset;
    private final long replyOffset;
    private final int replyCapacity;
    final Arguments arguments = new Arguments();

    // Of the request that it holds now.
    private int opcode;
    private long unique;
    private long nodeId;
    private @Nullable Request request;
    private boolean hasWaited;

    // Of its answer.
    private int error;
    private int replySize;

    /** @param replyOffset of the body; page-aligned, so that data go to and from devices in place */
    Exchange(MemorySegment memory, long headOffset, long fixedOffset, long replyOffset, int replyCapacity) {
        this.memory = memory;
        this.headOffset = headOffset;
        this.fixedOffset = fixedOffset;
        this.replyOffset = replyOffset;
        this.replyCapacity = replyCapacity;
    }

    /** Takes the header of a request that has just arrived. */
    final void begin() {
        opcode = memory.get(Wire.U32, headOffset + Headers.IN_OPCODE);
        unique = memory.get(Wire.U64, headOffset + Headers.IN_UNIQUE);
        nodeId = memory.get(Wire.U64, headOffset + Headers.IN_NODE_ID);
        request = null;
        hasWaited = false;
        error = 0;
        replySize = 0;
    }

    final int opcode() {
        return opcode;
    }

    final long unique() {
        return unique;
    }

    final long ino() {
        return Wire.ino(nodeId);
    }

    final int lengthInHeader() {
        return memory.get(Wire.U32, headOffset + Headers.IN_LENGTH);
    }

    /** Bytes of the extensions at the end of the arguments. */
    final long extensionSize() {
        return Short.toUnsignedLong(memory.get(Wire.U16, headOffset + Headers.IN_EXTENSION_WORDS)) * Wire.ALIGNMENT;
    }

    /** Who asks; the same object for every run of this request. */
    final Request request() {
        Request known = request;
        if (known == null) {
            known = new Request(
                    memory.get(Wire.U32, headOffset + Headers.IN_UID),
                    memory.get(Wire.U32, headOffset + Headers.IN_GID),
                    memory.get(Wire.U32, headOffset + Headers.IN_PID));
            request = known;
        }
        return known;
    }

    /** Whether it was put aside before. */
    final boolean hasWaited() {
        return hasWaited;
    }

    /** It is put aside. */
    final void waits() {
        hasWaited = true;
    }

    /** Pages that the kernel may keep locked while this request waits, or null. */
    final @Nullable ParkedPages parkedPages() {
        return switch (opcode) {
            case Opcode.READ -> ParkedPages.ofRead(
                    ino(),
                    u64(Requests.READ_OFFSET),
                    Integer.toUnsignedLong(u32(Requests.READ_BYTES)),
                    (u32(Requests.READ_FLAGS) & (O_DIRECT | O_APPEND)) != 0);
            case Opcode.WRITE -> (u32(Requests.WRITE_WRITE_FLAGS) & Requests.WRITE_FROM_CACHE) != 0
                    ? null
                    : ParkedPages.ofWrite(
                            ino(), u64(Requests.WRITE_OFFSET), Integer.toUnsignedLong(u32(Requests.WRITE_BYTES)));
            default -> null;
        };
    }

    final int pid() {
        return memory.get(Wire.U32, headOffset + Headers.IN_PID);
    }

    // ---- the fixed part

    final int u32(int field) {
        return memory.get(Wire.U32, fixedOffset + field);
    }

    final long u64(int field) {
        return memory.get(Wire.U64, fixedOffset + field);
    }

    // ---- what follows it

    /** Checks that the request is as long as its kind must be, and starts to read its names and bytes. */
    final Arguments openArguments() throws FsException {
        if (fixedPartReceived() < Opcode.fixedSize(opcode)) {
            throw FsException.of(Errno.EIO);
        }
        arguments.reset(memory, argumentsOffset(), argumentsSize());
        return arguments;
    }

    /** How much of the fixed part has arrived, at least. */
    abstract long fixedPartReceived();

    abstract long argumentsOffset();

    /** May be negative when the request is too short. */
    abstract long argumentsSize();

    // ---- the answer

    /** Where the body of the reply begins in {@link #memory}. */
    final long replyOffset() {
        return replyOffset;
    }

    final int replyCapacity() {
        return replyCapacity;
    }

    final void succeed(int size) {
        error = 0;
        replySize = size;
    }

    final void fail(Errno errno) {
        error = -errno.number();
        replySize = 0;
    }

    final int error() {
        return error;
    }

    final int replySize() {
        return replySize;
    }

    // ---- after waiting

    /** Has the request run again by a thread of its transport. From any thread; afterwards the caller must not touch it. */
    abstract void requeue();

    /** Sends the answer that another thread than the transport's has put together; afterwards it must not touch it. */
    abstract void answerFromElsewhere();
}
