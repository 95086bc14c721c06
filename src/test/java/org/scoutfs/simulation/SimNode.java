package org.scoutfs.simulation;

import java.util.ArrayDeque;

/** One host with one mount on it: it may be killed, stopped, cut off, and started again. */
final class SimNode {
    final int number;
    private final World world;
    private final double clockRate;
    private final long clockOffset;
    /** Rises with each death, so that what a dead process wanted to do does not happen. */
    private int life;
    private boolean isAlive = true;
    private boolean isStopped;
    private boolean isCutOff;
    private final ArrayDeque<Runnable> deferred = new ArrayDeque<>();
    int writesUnderWay;
    private long slowWritesUntil;

    SimServer server;
    SimClient client;

    SimNode(int number, World world) {
        this.number = number;
        this.world = world;
        // Clocks that run apart by up to 2 %.
        this.clockRate = 0.99 + world.rng.nextInt(2001) / 100_000.0;
        this.clockOffset = world.between(0, 1000 * World.MILLI);
    }

    /** What its monotonic clock says. */
    long clock() {
        return (long) (world.now() * clockRate) + clockOffset;
    }

    boolean isAlive() {
        return isAlive;
    }

    boolean isRunning() {
        return isAlive && !isStopped;
    }

    boolean isStopped() {
        return isStopped;
    }

    boolean isCutOff() {
        return isCutOff;
    }

    void cutOff(boolean is) {
        isCutOff = is;
    }

    /** Runs on this node, if its process still lives then; later if it is stopped. */
    void own(long delay, Runnable action) {
        own(delay, life, action);
    }

    /** Which of this host's processes, one after the other, this is. */
    int life() {
        return life;
    }

    /** As {@link #own(long, Runnable)}, for something that this process began. */
    void own(long delay, int wanted, Runnable action) {
        world.after(delay, () -> run(wanted, action));
    }

    /** At once, if the process that began it still lives; behind all that it has missed if it was stopped. */
    void run(int wanted, Runnable action) {
        if (life != wanted || !isAlive) {
            return;
        }
        if (isStopped || !deferred.isEmpty()) {
            deferred.add(() -> {
                if (life == wanted) {
                    action.run();
                }
            });
        } else {
            action.run();
        }
    }

    void kill() {
        life++;
        isAlive = false;
        isStopped = false;
        deferred.clear();
        server = null;
        client = null;
    }

    void restart() {
        isAlive = true;
    }

    void stop() {
        isStopped = true;
    }

    void goOn() {
        isStopped = false;
        world.after(0, this::catchUp);
    }

    /** What it missed, in its order, one event each: the first may end the process. */
    private void catchUp() {
        if (isStopped) {
            return;
        }
        Runnable missed = deferred.poll();
        if (missed != null) {
            missed.run();
            world.after(0, this::catchUp);
        }
    }

    /** Some of the writes until then take very long. */
    void slowWrites(long untilNanos) {
        slowWritesUntil = untilNanos;
    }

    long writeDelay() {
        return world.now() < slowWritesUntil && world.chance(3) ? world.between(0, 6000 * World.MILLI) : 0;
    }

    @Override
    public String toString() {
        return "node " + number;
    }
}
