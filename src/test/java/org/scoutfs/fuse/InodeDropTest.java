package org.scoutfs.fuse;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;
import org.scoutfs.base.Errno;
import org.scoutfs.base.Rng;
import org.scoutfs.testkit.SeededTest;

/**
 * Locks come and go while a simulated kernel caches pages of one file: readers fault pages in, partial writes lock their last
 * page, stores make pages dirty. One seed decides every step; stale reads, lost stores and standstills are counted.
 */
class InodeDropTest {
    private static final int PAGES = 12;
    private static final int PAGE = ParkedPages.PAGE;
    private static final long INO = 5;

    private enum Content {
        ABSENT,
        CACHED,
        DIRTY
    }

    /** One page of the page cache. */
    private static final class Page {
        Content content = Content.ABSENT;
        long bytes;
        @Nullable Pending lockedBy;
    }

    /** A request that is not answered. */
    private record Pending(int first, int count, boolean isWrite, boolean isDirect) {}

    /** An invalidation on its way through the pages. */
    private static final class Pass {
        int next;
        final int end;
        final CompletableFuture<Integer> result = new CompletableFuture<>();

        final Runnable begun;
        boolean hasBegun;

        Pass(int next, int end, Runnable begun) {
            this.begun = begun;
            this.next = next;
            this.end = end;
        }
    }

    private record Delayed(long step, Runnable task) {}

    /** Kernel, daemon and the other node, in one thread. */
    private static final class World {
        final Rng rng;
        final Page[] cache = new Page[PAGES];
        final long[] onDevice = new long[PAGES];
        final List<Pass> passes = new ArrayList<>();
        final List<Pending> arrived = new ArrayList<>();
        final List<Pending> parked = new ArrayList<>();
        final List<Delayed> delayed = new ArrayList<>();
        boolean isHeld = true;
        boolean isKnown = true;
        @Nullable InodeDrop drop;
        long step;
        long clock = 1;
        int stale;
        int lost;
        int revokes;
        int launderings;
        int hung;

        World(Rng rng) {
            this.rng = rng;
            for (int i = 0; i < PAGES; i++) {
                cache[i] = new Page();
            }
        }

        CompletableFuture<Integer> invalidate(long ino, long offset, long length, Runnable begun) {
            assertThat(ino).isEqualTo(INO);
            if (offset < 0) {
                // Some answers of look-ups are believed only after the first notification.
                return CompletableFuture.completedFuture(rng.nextInt(4) == 0 ? -Errno.ENOENT.number() : 0);
            }
            assertThat(offset % PAGE).isZero();
            long end = length == 0 ? PAGES : Math.min(PAGES, (offset + length) / PAGE);
            Pass pass = new Pass((int) Math.min(PAGES, offset / PAGE), (int) end, begun);
            passes.add(pass);
            return pass.result;
        }

        /** Moves a pass on by a page. */
        void advance(Pass pass) {
            if (!pass.hasBegun) {
                pass.hasBegun = true;
                pass.begun.run();
            }
            if (pass.next >= pass.end) {
                passes.remove(pass);
                pass.result.complete(0);
                return;
            }
            Page page = cache[pass.next];
            if (page.lockedBy != null) {
                hung++;
                return;
            }
            if (page.content == Content.DIRTY) {
                launderings++;
                if (isHeld) {
                    onDevice[pass.next] = page.bytes;
                } else {
                    lost++; // the late path: it must not be needed while a drop works
                }
            }
            page.content = Content.ABSENT;
            pass.next++;
        }

        void process() {
            int first = rng.nextInt(PAGES);
            Page page = cache[first];
            switch (rng.nextInt(4)) {
                case 0, 1 -> read(first, 1 + rng.nextInt(Math.min(4, PAGES - first)));
                case 2 -> {
                    // A store through a mapping; this node caches such pages only under WRITE.
                    if (page.lockedBy == null && page.content != Content.ABSENT) {
                        page.content = Content.DIRTY;
                        page.bytes = ++clock;
                    }
                }
                default -> {
                    if (page.lockedBy == null && page.content == Content.ABSENT) {
                        lock(new Pending(first, 1, true, false));
                    }
                }
            }
        }

        private void read(int first, int count) {
            Page page = cache[first];
            if (page.content != Content.ABSENT && page.lockedBy == null) {
                boolean isFresh = page.content == Content.DIRTY || page.bytes == onDevice[first];
                stale += isFresh ? 0 : 1;
                return;
            }
            if (rng.nextInt(6) == 0) {
                arrived.add(new Pending(first, count, false, true));
                return;
            }
            int free = 0;
            while (free < count && cache[first + free].lockedBy == null && cache[first + free].content == Content.ABSENT) {
                free++;
            }
            if (free > 0) {
                lock(new Pending(first, free, false, false));
            }
        }

        private void lock(Pending request) {
            for (int i = request.first; i < request.first + request.count; i++) {
                cache[i].lockedBy = request;
            }
            arrived.add(request);
        }

        /** The daemon takes a request: it parks, or is answered. */
        void serve(Pending request) {
            if (isHeld && drop == null) {
                answer(request);
                return;
            }
            parked.add(request);
            if (drop != null) {
                drop.parked(pages(request));
            }
        }

        private static ParkedPages pages(Pending request) {
            long offset = (long) request.first * PAGE;
            return request.isWrite
                    ? ParkedPages.ofWrite(INO, offset + 10, 100)
                    : ParkedPages.ofRead(INO, offset, (long) request.count * PAGE, request.isDirect);
        }

        private void answer(Pending request) {
            for (int i = request.first; i < request.first + request.count; i++) {
                if (request.isWrite) {
                    onDevice[i] = ++clock;
                }
                if (!request.isDirect) {
                    cache[i].lockedBy = null;
                    cache[i].content = request.isWrite ? Content.ABSENT : Content.CACHED;
                    cache[i].bytes = onDevice[i];
                }
            }
        }

        void revoke() {
            InodeDrop begun = new InodeDrop(INO, this::invalidate, (millis, task) ->
                    delayed.add(new Delayed(step + millis * 4, task)), () -> isKnown);
            drop = begun;
            parked.forEach(request -> begun.parked(pages(request)));
            begun.start();
        }

        /** The other node gets the lock, changes everything, and gives it back. */
        void handOver() {
            for (int i = 0; i < PAGES; i++) {
                lost += cache[i].content == Content.DIRTY ? 1 : 0;
                onDevice[i] = ++clock;
            }
            drop = null;
            isHeld = true;
            revokes++;
            List<Pending> woken = List.copyOf(parked);
            parked.clear();
            woken.forEach(this::serve);
        }

        void turn() {
            step++;
            for (Delayed one : List.copyOf(delayed)) {
                if (one.step <= step) {
                    delayed.remove(one);
                    one.task.run();
                }
            }
            int choice = rng.nextInt(4);
            if (choice == 0) {
                process();
            } else if (choice == 1 && !arrived.isEmpty()) {
                serve(arrived.remove(rng.nextInt(arrived.size())));
            } else if (choice == 2 && !passes.isEmpty()) {
                advance(passes.get(rng.nextInt(passes.size())));
            } else if (drop == null && rng.nextInt(30) == 0) {
                revoke();
            }
            if (drop != null && drop.done().isDone()) {
                isHeld = false;
                handOver();
            }
        }
    }

    @SeededTest(runs = 60)
    void noStaleReadNoLostStoreNoStandstill(long seed) {
        World world = new World(Rng.seeded(seed));
        long lastRevokes = 0;
        long lastStep = 0;
        // A hand-over takes about 3,000 turns: most turns go to somebody who has nothing to do.
        for (int i = 0; i < 300_000; i++) {
            world.turn();
            if (world.revokes != lastRevokes || world.drop == null) {
                lastRevokes = world.revokes;
                lastStep = i;
            }
            assertThat(i - lastStep).as("a revoke makes no progress").isLessThan(20_000);
        }
        assertThat(world.stale).as("stale reads").isZero();
        assertThat(world.lost).as("lost stores").isZero();
        // The test tests something.
        assertThat(world.revokes).isGreaterThan(50);
        assertThat(world.launderings).isGreaterThan(20);
        assertThat(world.hung).isGreaterThan(50);
    }
}
