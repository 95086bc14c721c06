package org.scoutfs.quorum;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.Comparator;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.scoutfs.format.VoterBlock;

/**
 * What a voter remembers between mounts, and who it therefore is.
 *
 * <p>A voter that has forgotten what it voted for could vote twice in one term and make two leaders. So its identity lives with its
 * memory: the directory says (version of the configuration, generation, number of starts), the {@link VoterRegister} says the same.
 * A directory that is not there, is of another generation, or knows of fewer starts than the register (an old copy) is lost: the slot
 * goes on as a new voter, with the next generation, which the others have to admit.
 *
 * <p>A slot that was given to a mount of a running quorum has a register of generation 1 that never started: its voter is new from the
 * beginning, and is admitted by the others.
 *
 * <p>At each start the count goes up in the directory first, then in the register: a crash between the two leaves a directory that
 * knows more, which is no old copy.
 */
final class VoterDirectory {
    private static final Pattern IDENTITY =
            Pattern.compile("scoutfs voter, volume ([0-9a-f]+), slot (\\d+), configuration (\\d+), generation (\\d+), starts (\\d+)\n");
    private static final String FILE = "identity";

    private final VoterBlock voter;
    private final Path raft;

    private VoterDirectory(VoterBlock voter, Path raft) {
        this.voter = voter;
        this.raft = raft;
    }

    /** @param base of this volume and slot */
    static VoterDirectory open(Path base, long volumeId, long quorumVersion, int slot, VoterRegister register)
            throws IOException {
        VoterBlock known = register.read(slot);
        if (known != null && known.quorumVersion() != quorumVersion) {
            known = null;
        }
        VoterBlock remembered = remembered(base, volumeId, quorumVersion, slot);
        VoterBlock next;
        if (remembered != null && isSame(remembered, known)) {
            next = new VoterBlock(volumeId, slot, quorumVersion, remembered.generation(), remembered.starts() + 1);
        } else {
            boolean isGiven = known != null && known.starts() == 0;
            long generation = known == null ? 0 : known.generation() + (isGiven ? 0 : 1);
            next = new VoterBlock(volumeId, slot, quorumVersion, generation, 1);
        }
        VoterDirectory opened = new VoterDirectory(next, base.resolve("v" + quorumVersion + "." + next.generation()));
        if (next.starts() == 1) {
            deleteAll(opened.raft);
        }
        Files.createDirectories(opened.raft);
        opened.remember(base);
        register.write(next);
        return opened;
    }

    private static boolean isSame(VoterBlock remembered, @Nullable VoterBlock known) {
        return known == null
                ? remembered.generation() == 0 && remembered.starts() == 1
                : remembered.generation() == known.generation() && remembered.starts() >= known.starts();
    }

    private static @Nullable VoterBlock remembered(Path base, long volumeId, long quorumVersion, int slot)
            throws IOException {
        String text;
        try {
            text = Files.readString(base.resolve(FILE), StandardCharsets.UTF_8);
        } catch (NoSuchFileException never) {
            return null;
        }
        Matcher matcher = IDENTITY.matcher(text);
        if (!matcher.matches()) {
            return null;
        }
        VoterBlock found = new VoterBlock(Long.parseUnsignedLong(matcher.group(1), 16), Integer.parseInt(matcher.group(2)),
                Long.parseLong(matcher.group(3)), Long.parseLong(matcher.group(4)), Long.parseLong(matcher.group(5)));
        boolean isOurs = found.volumeId() == volumeId && found.slot() == slot && found.quorumVersion() == quorumVersion
                && Files.isDirectory(base.resolve("v" + quorumVersion + "." + found.generation()));
        return isOurs ? found : null;
    }

    private void remember(Path base) throws IOException {
        String text = "scoutfs voter, volume " + Long.toHexString(voter.volumeId()) + ", slot " + voter.slot()
                + ", configuration " + voter.quorumVersion() + ", generation " + voter.generation() + ", starts "
                + voter.starts() + "\n";
        Path temporary = base.resolve(FILE + ".new");
        try (FileChannel file = FileChannel.open(temporary, StandardOpenOption.CREATE, StandardOpenOption.WRITE,
                StandardOpenOption.TRUNCATE_EXISTING)) {
            ByteBuffer bytes = ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8));
            while (bytes.hasRemaining()) {
                int unused = file.write(bytes);
            }
            file.force(true);
        }
        Files.move(temporary, base.resolve(FILE), StandardCopyOption.ATOMIC_MOVE);
        try (FileChannel directory = FileChannel.open(base, StandardOpenOption.READ)) {
            directory.force(true);
        }
    }

    private static void deleteAll(Path path) throws IOException {
        if (!Files.exists(path)) {
            return;
        }
        try (Stream<Path> all = Files.walk(path)) {
            for (Path one : all.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(one);
            }
        }
    }

    VoterBlock voter() {
        return voter;
    }

    /** Where Raft keeps its log and its votes. */
    Path raft() {
        return raft;
    }
}
