package org.scoutfs.fs.archive;

import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Map;
import org.scoutfs.base.FsException;
import org.scoutfs.format.ioctl.CountersRequest;
import org.scoutfs.fs.CallerMemory;
import org.scoutfs.fs.Ioctls;

/** Answers the ioctl that reads counters, a page of them at a time. */
public final class CounterPages {
    private CounterPages() {}

    /**
     * Stores those counters that were asked for.
     *
     * @param counters in the order that the caller numbers them in: the same with each call of a walk
     */
    public static Ioctls.Reply reply(Map<String, Long> counters, CountersRequest asked, CallerMemory caller)
            throws FsException {
        List<Map.Entry<String, Long>> all = List.copyOf(counters.entrySet());
        long first = Integer.toUnsignedLong(asked.first());
        int count = (int) Math.min(Math.max(0, all.size() - first), Integer.toUnsignedLong(asked.entryCount()));
        if (count > 0) {
            MemorySegment bytes = MemorySegment.ofArray(new byte[count * CountersRequest.Entry.SIZE]);
            for (int i = 0; i < count; i++) {
                Map.Entry<String, Long> counter = all.get((int) first + i);
                new CountersRequest.Entry(counter.getKey(), counter.getValue()).encode(bytes, i);
            }
            caller.write(asked.entriesPointer(), bytes);
        }
        return new Ioctls.Reply(count, new byte[0]);
    }
}
