package org.scoutfs.quorum;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.scoutfs.format.VoterBlock;
import org.scoutfs.testkit.MemoryRegister;

class VoterDirectoryTest {
    private static final long VOLUME = 0xabcdL;

    @TempDir Path dir;
    private final MemoryRegister register = new MemoryRegister();

    private VoterDirectory open(long version) throws IOException {
        return VoterDirectory.open(dir.resolve("slot-2"), VOLUME, version, 2, register);
    }

    @Test
    void theSameDirectoryIsTheSameVoter() throws IOException {
        VoterDirectory first = open(1);
        Files.writeString(first.raft().resolve("vote"), "for slot 1");
        VoterDirectory second = open(1);
        assertThat(second.raft()).isEqualTo(first.raft());
        assertThat(second.raft().resolve("vote")).exists();
        assertThat(second.voter()).isEqualTo(new VoterBlock(VOLUME, 2, 1, 0, 2));
        assertThat(register.read(2)).isEqualTo(second.voter());
    }

    @Test
    void aLostDirectoryIsAnotherVoter() throws IOException {
        Path old = open(1).raft();
        deleteAll(dir.resolve("slot-2"));
        VoterDirectory second = open(1);
        assertThat(second.voter().generation()).isEqualTo(1);
        assertThat(second.raft()).isNotEqualTo(old);
        assertThat(open(1).voter()).isEqualTo(new VoterBlock(VOLUME, 2, 1, 1, 2));
    }

    @Test
    void withoutRaftsOwnFilesItIsLostToo() throws IOException {
        deleteAll(open(1).raft());
        assertThat(open(1).voter().generation()).isEqualTo(1);
    }

    @Test
    void anOldCopyOfADirectoryIsLost() throws IOException {
        VoterDirectory first = open(1);
        Path identity = dir.resolve("slot-2/identity");
        String old = Files.readString(identity);
        open(1);
        open(1);
        Files.writeString(identity, old);
        assertThat(open(1).voter().generation()).isEqualTo(first.voter().generation() + 1);
    }

    @Test
    void aCrashBetweenDirectoryAndRegisterIsNoLoss() throws IOException {
        open(1);
        VoterBlock before = register.read(2);
        Files.writeString(open(1).raft().resolve("vote"), "for slot 1");
        register.set(before);
        assertThat(open(1).voter().generation()).isZero();
        // The same at the very first start.
        register.forget(2);
        deleteAll(dir.resolve("slot-2"));
        open(1);
        register.forget(2);
        assertThat(open(1).voter()).isEqualTo(new VoterBlock(VOLUME, 2, 1, 0, 2));
    }

    @Test
    void aSlotThatWasGivenBeginsAsTheVoterThatTheOthersAreToldOf() throws IOException {
        register.set(new VoterBlock(VOLUME, 2, 1, 1, 0));
        assertThat(open(1).voter()).isEqualTo(new VoterBlock(VOLUME, 2, 1, 1, 1));
        assertThat(open(1).voter()).isEqualTo(new VoterBlock(VOLUME, 2, 1, 1, 2));
        deleteAll(dir.resolve("slot-2"));
        assertThat(open(1).voter()).isEqualTo(new VoterBlock(VOLUME, 2, 1, 2, 1));
    }

    @Test
    void anotherConfigurationIsAnotherVoter() throws IOException {
        VoterDirectory first = open(1);
        VoterDirectory second = open(2);
        assertThat(second.raft()).isNotEqualTo(first.raft());
        assertThat(second.voter()).isEqualTo(new VoterBlock(VOLUME, 2, 2, 0, 1));
    }

    @Test
    void aDamagedIdentityIsALostOne() throws IOException {
        open(1);
        Files.writeString(dir.resolve("slot-2/identity"), "scoutfs voter, volume ab");
        assertThat(open(1).voter().generation()).isEqualTo(1);
    }

    static void deleteAll(Path path) throws IOException {
        try (var all = Files.walk(path)) {
            for (Path one : all.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(one);
            }
        }
    }
}
