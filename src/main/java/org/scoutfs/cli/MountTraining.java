package org.scoutfs.cli;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.nio.file.attribute.UserDefinedFileAttributeView;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.scoutfs.base.Rng;

/**
 * What the launcher has a mount do while Java records which classes and methods it needs: {@code MountTraining DIR ROUNDS}. The first run
 * on a volume leaves files; the next one, after a remount, finds them cold and reads them before it goes on. Each client works in a
 * directory of its own, and its mix is that of the rows of {@code bench/run}: a profile of something else would compile for something
 * else. The draws are the same each time, and what goes wrong ends it with an exit status that is not 0.
 */
final class MountTraining {
    private static final int CLIENTS = 2;
    private static final int FILES = 500;
    /** So many operations of each kind on names that what they run through is compiled by the last compiler before the training ends. */
    private static final int NAMES = 1000;
    private static final int BIG_BLOCKS = 4096;
    private static final int BLOCK = 4096;

    private final Path home;
    private final Rng dice;
    private final ByteBuffer block = ByteBuffer.allocate(BLOCK);
    private final ByteBuffer stream = ByteBuffer.allocate(1 << 20);

    private MountTraining(Path mount, int client) {
        this.home = mount.resolve("client" + client);
        this.dice = Rng.seeded(client);
    }

    public static void main(String[] words) throws IOException, InterruptedException, ExecutionException {
        Path mount = Path.of(words[0]);
        int rounds = Integer.parseInt(words[1]);
        List<Future<?>> clients = new ArrayList<>();
        try (ExecutorService threads = Executors.newFixedThreadPool(CLIENTS)) {
            for (int i = 0; i < CLIENTS; i++) {
                MountTraining client = new MountTraining(mount, i);
                clients.add(threads.submit(() -> {
                    client.run(rounds);
                    return null;
                }));
            }
            for (Future<?> client : clients) {
                client.get();
            }
        }
    }

    private void run(int rounds) throws IOException {
        if (Files.exists(home)) {
            readTree(home);
            readBig();
        }
        Files.createDirectories(home);
        for (int round = 0; round < rounds; round++) {
            Path directory = Files.createTempDirectory(home, "round");
            names(directory);
            smallFiles(directory);
            durable(directory);
            writeBig();
            readBig();
        }
    }

    private void names(Path directory) throws IOException {
        for (int i = 0; i < NAMES; i++) {
            create(directory.resolve("f" + i)).close();
        }
        for (int i = 0; i < NAMES; i++) {
            Path renamed = directory.resolve("r" + i);
            Files.move(directory.resolve("f" + i), renamed, StandardCopyOption.ATOMIC_MOVE);
            Files.createLink(directory.resolve("l" + i), renamed);
            Files.getFileAttributeView(renamed, UserDefinedFileAttributeView.class).write("note", block.clear().limit(16));
            Files.setPosixFilePermissions(renamed, PosixFilePermissions.fromString("rw-r-----"));
            Files.setLastModifiedTime(renamed, FileTime.fromMillis(i));
            Files.readAttributes(renamed, BasicFileAttributes.class);
            isThere(directory.resolve("no" + i));
        }
        for (int i = 0; i < NAMES; i++) {
            Files.delete(directory.resolve("l" + i));
            if (i % 2 == 0) {
                Files.delete(directory.resolve("r" + i));
            }
            Path child = Files.createDirectory(directory.resolve("d" + i));
            if (i % 4 == 0) {
                Files.createSymbolicLink(child.resolve("link"), directory);
            } else if (i % 4 == 1) {
                Files.delete(child);
            }
        }
    }

    private void smallFiles(Path directory) throws IOException {
        for (int i = 0; i < FILES; i++) {
            try (FileChannel file = create(directory.resolve("s" + i))) {
                file.write(filled(block));
            }
        }
        for (int i = 0; i < FILES; i++) {
            readWhole(directory.resolve("s" + i), block);
        }
        for (int i = 0; i < FILES; i += 3) {
            Files.delete(directory.resolve("s" + i));
        }
    }

    private void durable(Path directory) throws IOException {
        for (int i = 0; i < FILES / 5; i++) {
            try (FileChannel file = create(directory.resolve("y" + i))) {
                file.write(filled(block));
                file.force(true);
            }
        }
    }

    private void writeBig() throws IOException {
        try (FileChannel file = FileChannel.open(
                home.resolve("big"), StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
            for (int written = 0; written < BIG_BLOCKS * BLOCK; written += stream.capacity()) {
                file.write(filled(stream), written);
            }
            file.force(true);
            for (int i = 0; i < BIG_BLOCKS / 4; i++) {
                file.write(filled(block), (long) dice.nextInt(BIG_BLOCKS) * BLOCK);
            }
            file.force(false);
        }
        try (FileChannel file = create(home.resolve("sequential"))) {
            for (int i = 0; i < BIG_BLOCKS; i++) {
                file.write(filled(block));
            }
            file.truncate(BIG_BLOCKS);
        }
        Files.delete(home.resolve("sequential"));
    }

    private void readBig() throws IOException {
        try (FileChannel file = FileChannel.open(home.resolve("big"), StandardOpenOption.READ)) {
            for (int i = 0; i < BIG_BLOCKS / 4; i++) {
                file.read(block.clear(), (long) dice.nextInt(BIG_BLOCKS) * BLOCK);
            }
        }
        readWhole(home.resolve("big"), stream);
    }

    private void readTree(Path directory) throws IOException {
        try (DirectoryStream<Path> entries = Files.newDirectoryStream(directory)) {
            for (Path entry : entries) {
                BasicFileAttributes attributes =
                        Files.readAttributes(entry, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
                if (attributes.isDirectory()) {
                    readTree(entry);
                } else if (attributes.isRegularFile() && attributes.size() <= BLOCK) {
                    readWhole(entry, block);
                }
            }
        }
    }

    private static void readWhole(Path path, ByteBuffer buffer) throws IOException {
        try (FileChannel file = FileChannel.open(path, StandardOpenOption.READ)) {
            while (file.read(buffer.clear()) > 0) {
                continue;
            }
        }
    }

    private static FileChannel create(Path path) throws IOException {
        return FileChannel.open(path, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
    }

    private static boolean isThere(Path path) throws IOException {
        try {
            Files.readAttributes(path, BasicFileAttributes.class);
            return true;
        } catch (NoSuchFileException absent) {
            return false;
        }
    }

    private ByteBuffer filled(ByteBuffer buffer) {
        buffer.clear();
        buffer.putLong(0, dice.nextLong());
        return buffer;
    }
}
