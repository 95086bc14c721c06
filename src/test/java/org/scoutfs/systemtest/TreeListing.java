package org.scoutfs.systemtest;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/**
 * A tree as lines to compare: name, kind, mode, owner, size, link count, modification time, and a hash of what is in files and
 * symlinks. Access times are left out, and sizes of directories, which mean nothing.
 */
final class TreeListing {
    private TreeListing() {}

    static List<String> of(Path root) {
        String attributes = "find . -mindepth 1 -printf '%P %y %m %U %G %n %T@ ' "
                + "\\( -type d -printf '-\\n' -o -type l -printf '%s ' -exec sh -c 'readlink -n \"$1\" | md5sum' _ {} \\; -o -printf '%s\\n' \\)"
                + " | sort";
        // Sparse files of a terabyte take too long to read.
        String contents = "find . -type f -size -65536k -print0 | sort -z | xargs -0 -r md5sum";
        return Command.shell(attributes + "; " + contents).in(root).within(Duration.ofMinutes(5)).run().mustSucceed()
                .output().lines().toList();
    }

    static void assertSame(List<String> before, List<String> after) {
        List<String> gone = new ArrayList<>(before);
        gone.removeAll(after);
        List<String> come = new ArrayList<>(after);
        come.removeAll(before);
        assertThat(before).as("a tree with something in it").isNotEmpty();
        assertThat(List.of(gone, come)).as("lines that are gone, lines that are new").isEqualTo(List.of(List.of(), List.of()));
    }
}
