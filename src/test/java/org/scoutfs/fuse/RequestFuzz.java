package org.scoutfs.fuse;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.scoutfs.base.FsException;
import org.scoutfs.fuse.wire.Headers;
import org.scoutfs.fuse.wire.Opcode;
import org.scoutfs.fuse.wire.Replies;
import org.scoutfs.fuse.wire.Requests;
import org.scoutfs.fuse.wire.Timeouts;
import org.scoutfs.fuse.wire.Wire;
import org.scoutfs.fuzz.FuzzTarget;
import org.scoutfs.testkit.FakeHost;
import org.scoutfs.testkit.FsClient;
import org.scoutfs.testkit.HeadlessStack;
import org.scoutfs.testkit.SparseDevice;

/**
 * Whole requests, several in a row, on a whole mount without a kernel: each is answered, in bounded time, with an error number or a body
 * that fits, and none breaks a promise that the program made to itself.
 *
 * <p>An input is requests one after the other: opcode u8, node u8 (an index into a few known inodes), length u16, then as many bytes. A
 * handle below 8 in the first eight bytes stands for the one that was opened last, and a small number where another inode is named
 * (link, rename, copy) for one of the known ones.
 */
public final class RequestFuzz implements FuzzTarget {
    private static final long BLOCKS = 16_384;
    /** Inputs on one mount: its tree grows, and a finding should not depend on too many of them. */
    private static final int INPUTS_PER_MOUNT = 2000;

    private static final int REQUESTS_MAX = 12;
    private static final int BODY_MAX = 60_000;

    private int inputs;
    private @Nullable Mount mount;

    /** One mount, and what came of the requests to it. */
    private static final class Mount {
        final HeadlessStack stack;
        final long[] nodes;
        final WaitingRequests waiting = new WaitingRequests();
        final AtomicReference<@Nullable Throwable> failed = new AtomicReference<>();
        final Dispatcher dispatcher;
        long lastHandle;
        long lastOpened;
        /** How often each inode is open: a kernel closes nothing else. */
        final Map<Long, Integer> opens = new HashMap<>();

        Mount() throws IOException, FsException {
            SparseDevice device = new SparseDevice("fuzz", BLOCKS);
            HeadlessStack.format(device, BLOCKS, 0, 1);
            stack = HeadlessStack.mount(device, FakeHost.of(1), 1);
            FsClient client = stack.client();
            client.mkdir("d");
            client.create("a", new byte[9000]);
            client.create("d/b", new byte[10]);
            client.symlink("s", "target");
            client.mknod("p", 0010644, 0);
            nodes = new long[] {
                1, client.ino("d"), client.ino("a"), client.ino("d/b"), client.ino("s"), client.ino("p"), 0, -1, 12_345
            };
            FuseHooks hooks = new FuseHooks() {
                @Override
                public void lastCommit() {}

                @Override
                public void failed(Throwable cause) {
                    failed.set(cause);
                }
            };
            dispatcher = new Dispatcher(
                    stack.fileSystem(), TestMount.NO_IOCTLS, hooks, Timeouts.FOR_EVER, true, false, false, null, waiting, Runnable::run, () -> {});
        }
    }

    /** The first mount loads most of the program, which takes longer than an input may. */
    @Override
    public void start() {
        freshMount();
    }

    @Override
    public List<byte[]> seeds() {
        return List.of(
                requests(one(Opcode.LOOKUP, 0, name("a")), one(Opcode.GETATTR, 2, new byte[16]), one(Opcode.READLINK, 4, new byte[0])),
                requests(
                        one(Opcode.CREATE, 1, numbers(0x42L | 0644L << 32, 022), name("new")),
                        one(Opcode.WRITE, 2, numbers(0, 0, 5, 0, 2), name("data")),
                        one(Opcode.READ, 2, numbers(0, 0, 100, 0, 0)),
                        one(Opcode.FLUSH, 2, numbers(0, 0, 1)),
                        one(Opcode.FSYNC, 2, numbers(0, 0)),
                        one(Opcode.RELEASE, 2, numbers(0, 0, 1))),
                requests(
                        one(Opcode.OPENDIR, 0, numbers(0)),
                        one(Opcode.READDIRPLUS, 0, numbers(0, 0, 4096, 0, 0)),
                        one(Opcode.READDIR, 0, numbers(0, 3, 300, 0, 0)),
                        one(Opcode.RELEASEDIR, 0, numbers(0, 0, 0))),
                requests(
                        one(Opcode.MKDIR, 0, numbers(0755), name("x")),
                        one(Opcode.RENAME2, 0, numbers(0, 1), name("x"), name("d")),
                        one(Opcode.RENAME, 0, numbers(0), name("a"), name("z")),
                        one(Opcode.LINK, 1, numbers(2), name("link")),
                        one(Opcode.SYMLINK, 1, name("sym"), name("target")),
                        one(Opcode.MKNOD, 1, numbers(0100644L, 022), name("node")),
                        one(Opcode.UNLINK, 1, name("b")),
                        one(Opcode.RMDIR, 0, name("d"))),
                requests(
                        one(Opcode.SETXATTR, 2, numbers(3, 0), name("user.x"), name("v1")),
                        one(Opcode.GETXATTR, 2, numbers(100), name("user.x")),
                        one(Opcode.LISTXATTR, 2, numbers(0)),
                        one(Opcode.REMOVEXATTR, 2, name("user.x"))),
                requests(
                        one(Opcode.OPEN, 2, numbers(2)),
                        one(Opcode.SETATTR, 2, numbers(8, 0, 5000, 0, 0, 0, 0, 0, 0, 0, 0)),
                        one(Opcode.FALLOCATE, 2, numbers(0, 0, 8192, 3, 0)),
                        one(Opcode.LSEEK, 2, numbers(0, 0, 3)),
                        one(Opcode.COPY_FILE_RANGE, 2, numbers(0, 0, 3, 0, 4096, 100, 0)),
                        one(Opcode.SETLK, 2, numbers(0, 7, 0, 100, 1, 0)),
                        one(Opcode.GETLK, 2, numbers(0, 8, 0, 100, 1, 0)),
                        one(Opcode.SETLKW, 2, numbers(0, 8, 0, 100, 1, 0))),
                requests(
                        one(Opcode.STATFS, 0),
                        one(Opcode.STATX, 2, new byte[24]),
                        one(Opcode.SYNCFS, 0, numbers(0)),
                        one(Opcode.TMPFILE, 0, numbers(0x42L | 0600L << 32, 0), name("t")),
                        one(Opcode.IOCTL, 2, numbers(0, 0x80086601L << 32, 0, 8L << 32)),
                        one(Opcode.INTERRUPT, 0, numbers(2))));
    }

    private static byte[] requests(byte[]... all) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        for (byte[] one : all) {
            bytes.writeBytes(one);
        }
        return bytes.toByteArray();
    }

    private static byte[] one(int opcode, int node, byte[]... parts) {
        byte[] body = requests(parts);
        ByteBuffer bytes = ByteBuffer.allocate(4 + body.length).order(ByteOrder.LITTLE_ENDIAN);
        return bytes.put((byte) opcode).put((byte) node).putShort((short) body.length).put(body).array();
    }

    private static byte[] name(String text) {
        return (text + "\0").getBytes(StandardCharsets.UTF_8);
    }

    private static byte[] numbers(long... values) {
        ByteBuffer bytes = ByteBuffer.allocate(8 * values.length).order(ByteOrder.LITTLE_ENDIAN);
        for (long value : values) {
            bytes.putLong(value);
        }
        return bytes.array();
    }

    @Override
    public void decode(byte[] input) {
        Mount to = freshMount();
        ByteBuffer bytes = ByteBuffer.wrap(input).order(ByteOrder.LITTLE_ENDIAN);
        try (Arena arena = Arena.ofShared()) {
            for (int i = 0; i < REQUESTS_MAX && bytes.remaining() >= 4; i++) {
                int opcode = bytes.get() & 0xff;
                int node = bytes.get() & 0xff;
                int length = Math.min(Math.min(bytes.getShort() & 0xffff, BODY_MAX), bytes.remaining());
                byte[] body = new byte[length];
                bytes.get(body);
                if (opcode == Opcode.DESTROY || opcode == Opcode.FORGET || opcode == Opcode.BATCH_FORGET) {
                    continue; // the last of a connection; and who forgets more than it was told breaks a promise of the kernel
                }
                serve(to, opcode, to.nodes[node % to.nodes.length], 2L * i + 2, body, arena);
            }
        }
    }

    private Mount freshMount() {
        try {
            Mount now = mount;
            if (now != null && inputs++ % INPUTS_PER_MOUNT != 0) {
                return now;
            }
            if (now != null) {
                now.stack.close();
            }
            Mount made = new Mount();
            mount = made;
            return made;
        } catch (IOException | FsException e) {
            throw new AssertionError("the mount does not start or end", e);
        }
    }

    private static void serve(Mount mount, int opcode, long asked, long unique, byte[] body, Arena arena) {
        long node = asked;
        if (opcode == Opcode.RELEASE || opcode == Opcode.RELEASEDIR) {
            node = mount.opens.getOrDefault(asked, 0) > 0 ? asked : mount.lastOpened;
            if (mount.opens.getOrDefault(node, 0) == 0) {
                return;
            }
            mount.opens.merge(node, -1, Integer::sum);
        }
        if (body.length >= 8 && takesHandle(opcode)) {
            ByteBuffer first = ByteBuffer.wrap(body).order(ByteOrder.LITTLE_ENDIAN);
            if (Long.compareUnsigned(first.getLong(0), 8) < 0) {
                first.putLong(0, mount.lastHandle);
            }
        }
        int otherNode = otherNodeAt(opcode);
        if (otherNode >= 0 && body.length >= otherNode + 8) {
            ByteBuffer words = ByteBuffer.wrap(body).order(ByteOrder.LITTLE_ENDIAN);
            long index = words.getLong(otherNode);
            if (Long.compareUnsigned(index, mount.nodes.length) < 0) {
                words.putLong(otherNode, Wire.nodeId(mount.nodes[(int) index]));
            }
        }
        OneExchange exchange = new OneExchange(arena, opcode, node, unique, body);
        Outcome outcome = mount.dispatcher.run(exchange);
        // Answered by somebody else, or waiting: a lock that this same test holds is waited for until it is interrupted.
        for (int waits = 0; outcome == Outcome.TAKEN && !exchange.isAnswered; waits++) {
            if (exchange.requeued.isEmpty() && opcode == Opcode.SETLKW) {
                mount.waiting.interrupt(unique);
            }
            try {
                if (exchange.requeued.poll(20, TimeUnit.SECONDS) == null || waits > 100) {
                    throw new AssertionError(Opcode.name(opcode) + " of inode " + node + " waits for ever");
                }
            } catch (InterruptedException e) {
                throw new AssertionError(e);
            }
            outcome = mount.dispatcher.run(exchange);
        }
        Throwable failed = mount.failed.get();
        if (failed != null) {
            throw new AssertionError(Opcode.name(opcode) + " of inode " + node, failed);
        }
        if (outcome == Outcome.ANSWERED || exchange.isAnswered) {
            boolean isSound = exchange.error() <= 0 && exchange.error() > -4096 && exchange.replySize() >= 0
                    && exchange.replySize() <= exchange.replyCapacity()
                    && (exchange.error() == 0 || exchange.replySize() == 0);
            if (!isSound) {
                throw new AssertionError(Opcode.name(opcode) + " answers " + exchange.error() + ", " + exchange.replySize() + " bytes");
            }
            noteHandle(mount, opcode, exchange);
        }
    }

    /** Where in the body another inode is named; below 0 where none is. */
    private static int otherNodeAt(int opcode) {
        return switch (opcode) {
            case Opcode.LINK, Opcode.RENAME, Opcode.RENAME2 -> 0;
            case Opcode.COPY_FILE_RANGE, Opcode.COPY_FILE_RANGE_64 -> 16;
            default -> -1;
        };
    }

    private static boolean takesHandle(int opcode) {
        return switch (opcode) {
            case Opcode.READ, Opcode.WRITE, Opcode.RELEASE, Opcode.FSYNC, Opcode.FLUSH, Opcode.READDIR, Opcode.READDIRPLUS,
                    Opcode.RELEASEDIR, Opcode.FSYNCDIR, Opcode.GETLK, Opcode.SETLK, Opcode.SETLKW, Opcode.IOCTL, Opcode.FALLOCATE,
                    Opcode.LSEEK, Opcode.COPY_FILE_RANGE, Opcode.COPY_FILE_RANGE_64 -> true;
            default -> false;
        };
    }

    private static void noteHandle(Mount mount, int opcode, OneExchange exchange) {
        long at = switch (opcode) {
            case Opcode.OPEN, Opcode.OPENDIR -> exchange.replyOffset();
            case Opcode.CREATE, Opcode.TMPFILE -> exchange.replyOffset() + Replies.ENTRY_SIZE;
            default -> -1;
        };
        if (at >= 0 && exchange.error() == 0) {
            mount.lastHandle = exchange.memory.get(Wire.U64, at);
            boolean isNew = at > exchange.replyOffset();
            mount.lastOpened = isNew ? Wire.ino(exchange.memory.get(Wire.U64, exchange.replyOffset())) : exchange.ino();
            mount.opens.merge(mount.lastOpened, 1, Integer::sum);
        }
    }

    /** A request in memory of its own, in the order of the device's buffer. */
    private static final class OneExchange extends Exchange {
        private static final int PAGE = 4096;
        private static final int FIXED = PAGE - Requests.WRITE_SIZE;
        private static final int HEAD = FIXED - Headers.IN_SIZE;
        private static final int REPLY = 18 * PAGE;
        private static final int CAPACITY = 16 * PAGE;

        final LinkedBlockingQueue<Boolean> requeued = new LinkedBlockingQueue<>();
        boolean isAnswered;
        private final int received;

        OneExchange(Arena arena, int opcode, long node, long unique, byte[] body) {
            super(arena.allocate(REPLY + CAPACITY, PAGE), HEAD, FIXED, REPLY, CAPACITY);
            received = body.length;
            memory.set(Wire.U32, HEAD + Headers.IN_LENGTH, Headers.IN_SIZE + received);
            memory.set(Wire.U32, HEAD + Headers.IN_OPCODE, opcode);
            memory.set(Wire.U64, HEAD + Headers.IN_UNIQUE, unique);
            memory.set(Wire.U64, HEAD + Headers.IN_NODE_ID, Wire.nodeId(node));
            MemorySegment.copy(MemorySegment.ofArray(body), 0, memory, FIXED, received);
            begin();
        }

        @Override
        long fixedPartReceived() {
            return received;
        }

        @Override
        long argumentsOffset() {
            return FIXED + (long) Opcode.fixedSize(opcode());
        }

        @Override
        long argumentsSize() {
            return received - Opcode.fixedSize(opcode());
        }

        @Override
        void requeue() {
            requeued.add(true);
        }

        @Override
        void answerFromElsewhere() {
            isAnswered = true;
        }
    }
}
