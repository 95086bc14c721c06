package org.scoutfs.node;

import java.nio.charset.StandardCharsets;
import java.util.List;
import org.scoutfs.fuzz.FuzzTarget;

/** Lists of mount options, one a line: options, or a sentence that says which one is wrong. */
public final class MountOptionsFuzz implements FuzzTarget {
    @Override
    public List<byte[]> seeds() {
        return List.of(
                "rw,uring=auto,writeback=on,cache=256M\ncommit_ms=10,type=fuse".getBytes(StandardCharsets.UTF_8),
                "metadev_path=/dev/x,dirty=16M,log=/var/log/l,noatime,x-y=z,defaults".getBytes(StandardCharsets.UTF_8));
    }

    @Override
    public void decode(byte[] bytes) {
        try {
            MountOptions options = MountOptions.parse(List.of(new String(bytes, StandardCharsets.UTF_8).split("\n", -1)));
            if (options.toString().isEmpty()) {
                throw new AssertionError("options without a text");
            }
        } catch (MountOptions.OptionException wrong) {
            if (wrong.getMessage().isBlank()) {
                throw new AssertionError("an error that says nothing");
            }
        }
    }
}
