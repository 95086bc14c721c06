package org.scoutfs.cli;

import java.io.PrintStream;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.scoutfs.base.Errno;

/** Names with values, as {@code stat} and {@code statfs} print them: all in lines, or the bare value of one. */
final class Fields {
    private static final int NAME_WIDTH = 17;

    private final Map<String, String> values = new LinkedHashMap<>();

    Fields add(String name, String value) {
        values.put(name, value);
        return this;
    }

    Fields add(String name, long unsigned) {
        return add(name, Long.toUnsignedString(unsigned));
    }

    /** @param single the one field that is wanted, or null for all */
    void print(@Nullable String single, PrintStream out) throws CommandFailure {
        if (single == null) {
            values.forEach((name, value) -> out.println(Text.left(name, NAME_WIDTH) + " " + value));
            return;
        }
        String value = values.get(single);
        if (value == null) {
            throw CommandFailure.of(Errno.EINVAL, "unknown field: '" + single + "'");
        }
        out.println(value);
    }
}
