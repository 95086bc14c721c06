package org.scoutfs.simulation;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.scoutfs.device.DeviceExtent;
import org.scoutfs.volume.StateEdit;
import org.scoutfs.volume.VolumeState;

/**
 * The shared device. A write takes effect some time after it was issued, also when its process has died or stopped meanwhile, and is
 * durable after a flush that was issued later; when power goes, each write that is not may be lost.
 */
final class Disk {
    /** One place on the device. */
    static final class Cell<T> {
        T current;
        T durable;

        Cell(T value) {
            current = value;
            durable = value;
        }
    }

    record ClaimValue(long epoch, long rid) {}

    record Takeover(long epoch, long rid, List<DeviceExtent> extents) {}

    /** One epoch's log: where its slot points to. */
    static final class Log {
        final long epoch;
        final long rid;
        final VolumeState base;
        final List<Cell<List<StateEdit>>> batches = new ArrayList<>();

        Log(long epoch, long rid, VolumeState base) {
            this.epoch = epoch;
            this.rid = rid;
            this.base = base;
        }
    }

    private final World world;
    final Cell<ClaimValue> claim = new Cell<>(new ClaimValue(0, 0));
    final TreeMap<Long, Cell<Log>> slots = new TreeMap<>();
    final TreeMap<Long, Cell<Takeover>> takeovers = new TreeMap<>();
    private final Map<Long, Cell<Long>> blocks = new HashMap<>();
    private final LinkedHashSet<Cell<?>> dirty = new LinkedHashSet<>();

    Disk(World world) {
        this.world = world;
    }

    Cell<Long> block(long blkno) {
        return blocks.computeIfAbsent(blkno, absent -> new Cell<>(0L));
    }

    private long latency() {
        return world.between(100 * World.MICRO, 1500 * World.MICRO);
    }

    /**
     * @param done runs on the node, if it still lives
     */
    <T> void write(SimNode node, Cell<T> cell, T value, Runnable done) {
        long delay = latency() + node.writeDelay();
        int life = node.life();
        node.writesUnderWay++;
        world.after(delay, () -> {
            node.writesUnderWay--;
            cell.current = value;
            dirty.add(cell);
            node.run(life, done);
        });
    }

    void flush(SimNode node, Runnable done) {
        int life = node.life();
        world.after(latency() / 2, () -> {
            dirty.forEach(Disk::harden);
            dirty.clear();
            node.run(life, done);
        });
    }

    private static <T> void harden(Cell<T> cell) {
        cell.durable = cell.current;
    }

    private static <T> void lose(Cell<T> cell) {
        cell.current = cell.durable;
    }

    <T> void read(SimNode node, Supplier<T> what, Consumer<T> done) {
        int life = node.life();
        world.after(latency() / 2, () -> {
            T value = what.get();
            node.own(latency() / 4, life, () -> done.accept(value));
        });
    }

    void losePower() {
        for (Cell<?> cell : dirty) {
            if (world.chance(2)) {
                lose(cell);
            } else {
                harden(cell);
            }
        }
        dirty.clear();
    }

    /** The newest epoch's log. */
    Log newestLog() {
        Log newest = null;
        for (Cell<Log> slot : slots.values()) {
            if (slot.current != null) {
                newest = slot.current;
            }
        }
        return newest;
    }

    /** All batches of a log, up to the first one that is not there. */
    static List<StateEdit> editsOf(Log log) {
        List<StateEdit> edits = new ArrayList<>();
        for (Cell<List<StateEdit>> batch : log.batches) {
            if (batch.current == null) {
                break;
            }
            edits.addAll(batch.current);
        }
        return edits;
    }
}
