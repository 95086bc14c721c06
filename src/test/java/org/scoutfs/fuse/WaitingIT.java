package org.scoutfs.fuse;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;
import org.scoutfs.fuse.FuseOptions.Uring;
import org.scoutfs.testkit.Await;

/** Requests that wait: they hold no thread, stop nobody else, and end at once when their caller is interrupted. */
@ParameterizedClass
@EnumSource(
        value = Uring.class,
        names = {"ON", "OFF"})
@Timeout(300)
class WaitingIT {
    private static final int READS = 2_000;
    private static final int LOCKS = 200;

    private final Uring uring;
    private final MemoryFileSystem fileSystem = new MemoryFileSystem();

    @TempDir
    private Path temp;

    private TestMount fs;

    WaitingIT(Uring uring) {
        this.uring = uring;
    }

    @BeforeEach
    void mount() throws IOException {
        fs = TestMount.of(temp, uring, fileSystem);
    }

    @AfterEach
    void unmount() throws IOException {
        fs.close();
    }

    private void awaitWaiting(int count) {
        try {
            Await.that(count + " requests wait", TestMount.DEADLINE, () -> fs.mount.waitingRequests() == count);
        } catch (AssertionError failure) {
            throw new AssertionError(fs.mount.waitingRequests() + " wait; " + fs.mount.requestCounts(), failure);
        }
    }

    private Process holdLock() throws IOException {
        return fs.start("exec python3 -c \"import fcntl,time; f=open('lock','w'); fcntl.flock(f, fcntl.LOCK_EX);"
                + " print('held', flush=True); time.sleep(1000)\"");
    }

    @Test
    void offlineReadsGoOnWhenTheDataAreThere() throws Exception {
        Files.writeString(fs.path("offline"), "archived");
        Process reader = fs.start("cat offline");
        awaitWaiting(1);
        assertThat(reader.isAlive()).isTrue();
        fileSystem.bringOnline();
        assertThat(new String(reader.getInputStream().readAllBytes())).isEqualTo("archived");
        assertThat(reader.waitFor()).isZero();
        awaitWaiting(0);
    }

    /** Direct I/O, as a signal of any kind interrupts it; for a read into the page cache it has to be a deadly one. */
    @Test
    void aKilledWaiterEndsAtOnce() throws Exception {
        Files.writeString(fs.path("offline"), "archived");
        for (String command : new String[] {"exec cat offline", "exec dd if=offline iflag=direct status=none"}) {
            Process reader = fs.start(command);
            awaitWaiting(1);
            reader.destroyForcibly();
            assertThat(reader.waitFor(60, TimeUnit.SECONDS)).as(command).isTrue();
            awaitWaiting(0);
        }
    }

    @Test
    void anInterruptedLockAnswersEintr() throws Exception {
        Files.createFile(fs.path("lock"));
        Process holder = holdLock();
        assertThat(holder.inputReader().readLine()).isEqualTo("held");
        Process waiter = fs.start("exec python3 -c \"import fcntl,signal\n"
                + "def stop(*a): raise TimeoutError('interrupted')\n"
                + "signal.signal(signal.SIGALRM, stop)\n"
                + "signal.setitimer(signal.ITIMER_REAL, 0.3)\n"
                + "f=open('lock','w'); fcntl.flock(f, fcntl.LOCK_EX)\"");
        String output = new String(waiter.getInputStream().readAllBytes());
        assertThat(waiter.waitFor()).isEqualTo(1);
        assertThat(output).contains("TimeoutError: interrupted");
        awaitWaiting(0);
        holder.destroyForcibly().waitFor();
    }

    @Test
    void thousandsWaitAndNobodyElseDoes() throws Exception {
        for (int i = 0; i < READS; i++) {
            Files.writeString(fs.path("offline" + i), "x");
        }
        Files.writeString(fs.path("offline-too"), "x");
        Files.createFile(fs.path("lock"));
        Process holder = holdLock();
        assertThat(holder.inputReader().readLine()).isEqualTo("held");
        Path program = TestMount.compile(temp, "waiters");
        for (int cpu = 0; cpu < 2; cpu++) {
            Process waiters = fs.start("exec " + program + " " + cpu + " " + READS + " " + LOCKS);
            BufferedReader output = waiters.inputReader();
            assertThat(output.readLine()).isEqualTo("ready");
            awaitWaiting(READS + LOCKS);

            // Others go on, from the same CPU too.
            Process victim = fs.start("exec taskset -c " + cpu + " cat offline-too");
            awaitWaiting(READS + LOCKS + 1);
            fs.run("for i in 1 2 3 4 5 6 7 8 9 10; do taskset -c " + cpu
                    + " dd if=/dev/zero of=new$i bs=4k count=3 conv=fsync status=none; done; taskset -c " + cpu
                    + " sh -c 'ls -l > /dev/null; cat new10 > copy; mkdir d; rmdir d; rm new*'");
            victim.destroyForcibly();
            assertThat(victim.waitFor(60, TimeUnit.SECONDS)).isTrue();
            awaitWaiting(READS + LOCKS);

            if (cpu == 0) {
                // Killed all at once.
                waiters.destroyForcibly();
                assertThat(waiters.waitFor(60, TimeUnit.SECONDS)).isTrue();
                awaitWaiting(0);
            } else {
                fileSystem.bringOnline();
                awaitWaiting(LOCKS);
                holder.destroy();
                assertThat(output.readLine()).isEqualTo("done");
                assertThat(waiters.waitFor()).isZero();
                awaitWaiting(0);
            }
        }
        holder.destroyForcibly().waitFor();
    }

    @Test
    void unmountsLazilyWhileSomebodyWaits() throws Exception {
        Files.writeString(fs.path("offline"), "archived");
        Process reader = new ProcessBuilder("cat", fs.path("offline").toString()).start();
        awaitWaiting(1);
        fs.mount.unmountLazily();
        assertThat(Files.exists(fs.path("offline"))).isFalse();
        fileSystem.bringOnline();
        assertThat(new String(reader.getInputStream().readAllBytes())).isEqualTo("archived");
        assertThat(fs.mount.awaitEnd(TestMount.DEADLINE)).isTrue();
    }
}
