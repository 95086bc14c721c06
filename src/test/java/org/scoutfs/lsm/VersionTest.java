package org.scoutfs.lsm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.scoutfs.base.InvariantViolation;

class VersionTest {
    private static SegmentInfo segment(long id, int first, int last) {
        return new SegmentInfo(id, id * 10, 5, 3, 1, new byte[] {(byte) first}, new byte[] {(byte) last});
    }

    private static VersionEdit.Added at(int level, SegmentInfo segment) {
        return new VersionEdit.Added(level, segment);
    }

    private static Version with(Version version, List<VersionEdit.Added> added, Long... removed) {
        return version.apply(new VersionEdit(version.number() + 1, version.stableSeq() + 1, added, List.of(removed)));
    }

    private static List<Long> ids(List<SegmentInfo> segments) {
        return segments.stream().map(SegmentInfo::id).toList();
    }

    @Test
    void laterRunsOfACommitAreNewer() {
        Version version = with(Version.empty(), List.of(at(0, segment(1, 1, 9)), at(0, segment(2, 1, 9))));
        version = with(version, List.of(at(0, segment(3, 1, 9))));
        assertThat(ids(version.level(0))).containsExactly(3L, 2L, 1L);
        assertThat(version.number()).isEqualTo(2);
        assertThat(version.stableSeq()).isEqualTo(2);
    }

    @Test
    void aMergeOfNeighbouringRunsStaysBelowNewerOnes() {
        Version version = Version.empty();
        for (long id = 1; id <= 5; id++) {
            version = with(version, List.of(at(0, segment(id, 1, 9))));
        }
        version = with(version, List.of(at(0, segment(10, 1, 9))), 2L, 3L);
        assertThat(ids(version.level(0))).containsExactly(5L, 4L, 10L, 1L);
    }

    @Test
    void deeperLevelsAreSortedAndFoundByKey() {
        Version version = with(Version.empty(), List.of(at(1, segment(2, 20, 29)), at(1, segment(1, 1, 9))));
        version = with(version, List.of(at(1, segment(3, 200, 255)), at(1, segment(4, 10, 19))));
        assertThat(ids(version.level(1))).containsExactly(1L, 4L, 2L, 3L);
        assertThat(version.find(1, new byte[] {25})).isEqualTo(segment(2, 20, 29));
        assertThat(version.find(1, new byte[] {40})).isNull();
        assertThat(version.find(1, new byte[] {(byte) 255, 1})).isNull();
        assertThat(ids(version.overlapping(1, new byte[] {9}, new byte[] {20}))).containsExactly(1L, 4L, 2L);
        assertThat(version.hasOverlap(1, new byte[] {30}, new byte[] {(byte) 199})).isFalse();
        assertThat(version.levelOf(3)).isEqualTo(1);
        assertThat(version.areLive(List.of(1L, 3L))).isTrue();
        assertThat(version.areLive(List.of(1L, 5L))).isFalse();
    }

    @Test
    void aSegmentMovesWithItsId() {
        Version version = with(Version.empty(), List.of(at(0, segment(1, 1, 9))));
        version = with(version, List.of(at(3, segment(1, 1, 9))), 1L);
        assertThat(version.level(0)).isEmpty();
        assertThat(ids(version.level(3))).containsExactly(1L);
    }

    @Test
    void anEditThatDoesNotFitIsRefused() {
        Version version = with(Version.empty(), List.of(at(1, segment(1, 1, 9)), at(0, segment(2, 1, 9))));
        assertRefused(version, "overlap", new VersionEdit(2, 9, List.of(at(1, segment(3, 9, 10))), List.of()));
        assertRefused(version, "not live", new VersionEdit(2, 9, List.of(), List.of(7L)));
        assertRefused(version, "live already", new VersionEdit(2, 9, List.of(at(2, segment(1, 1, 9))), List.of()));
        assertRefused(version, "expected edit 2", new VersionEdit(3, 9, List.of(), List.of()));
        assertRefused(version, "goes back", new VersionEdit(2, 0, List.of(), List.of()));
        assertRefused(version, "no level", new VersionEdit(2, 9, List.of(at(8, segment(3, 1, 9))), List.of()));
        assertRefused(version, "removed twice", new VersionEdit(2, 9, List.of(), List.of(1L, 1L)));
        assertRefused(
                version,
                "added twice",
                new VersionEdit(2, 9, List.of(at(0, segment(3, 1, 9)), at(2, segment(3, 1, 9))), List.of()));
    }

    private static void assertRefused(Version version, String why, VersionEdit edit) {
        assertThat(version.problemWith(edit)).contains(why);
        assertThatThrownBy(() -> version.apply(edit)).isInstanceOf(InvariantViolation.class);
    }
}
