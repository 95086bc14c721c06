package org.scoutfs.systemtest;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.scoutfs.base.Rng;
import org.scoutfs.testkit.Await;
import org.scoutfs.testkit.Profile;

/**
 * The mount's process is killed under load, again and again on the same volume. Each time the next mount recovers by itself, the
 * volume checks clean, and each client's directory is as after some operation, at or after the last that fsync promised.
 */
class KillIT {
    private static final int CLIENTS = 3;

    static List<Transport> transports() {
        return Transport.available();
    }

    @ParameterizedTest
    @MethodSource("transports")
    @Timeout(7200)
    void killedUnderLoad(Transport transport) throws IOException {
        int rounds = Profile.count(4, 100);
        long seed = Long.getLong("scoutfs.seed", 1);
        Rng rng = Rng.seeded(seed);
        long promises = 0;
        try (Target target = Target.create("kill-" + transport, 4L << 30, transport)) {
            for (int round = 0; round < rounds; round++) {
                target.mount();
                Path work = Files.createDirectory(target.root().resolve("round" + round));
                Command.of("sync", "-f", target.root()).run().mustSucceed();
                int enough = 20 + rng.nextInt(400);
                List<Client> clients = new ArrayList<>();
                for (int number = 0; number < CLIENTS; number++) {
                    clients.add(new Client(work, number, seed * 1000 + round));
                }
                Await.that(enough + " promises in round " + round, Duration.ofSeconds(600), () -> {
                    long sum = 0;
                    for (Client client : clients) {
                        sum += client.promisesSoFar();
                    }
                    return sum >= enough;
                });
                if (target.canBeKilled()) {
                    target.kill();
                }
                clients.forEach(Client::stop);
                if (!target.canBeKilled()) {
                    target.unmount();
                    target.check();
                }
                // The dead mount point is still there; mounting cleans it up.
                target.mount();
                for (Client client : clients) {
                    KillHistory history = client.history();
                    long after = history.findIn(work.resolve("client" + client.number));
                    assertThat(after).isGreaterThanOrEqualTo(history.promised());
                    promises += history.promised();
                }
                target.unmount();
                target.check();
            }
        }
        assertThat(promises).as("the test tested nothing").isGreaterThan(rounds * 10L);
        System.out.printf("[kill] %s: %d rounds, %d promised operations, seed %d%n", transport, rounds, promises, seed);
    }

    /** One killwriter. What it prints goes to a file outside of the mount, which survives both of them. */
    private static final class Client {
        final int number;
        private final Path log;
        private final Process process;

        Client(Path work, int number, long seed) throws IOException {
            this.number = number;
            this.log = Files.createTempFile("scoutfs-kill", ".log");
            this.process = new ProcessBuilder(
                            SystemTests.program("killwriter").toString(), work.toString(), "" + number, "" + seed)
                    .redirectOutput(log.toFile())
                    .redirectError(ProcessBuilder.Redirect.DISCARD)
                    .start();
        }

        long promisesSoFar() throws IOException {
            return lines().stream().filter(line -> line.startsWith("S ")).count();
        }

        void stop() {
            process.destroyForcibly();
            Await.that("killwriter " + number + " ends", Duration.ofSeconds(60), () -> !process.isAlive());
        }

        KillHistory history() throws IOException {
            List<String> lines = lines();
            Files.delete(log);
            return new KillHistory(lines);
        }

        private List<String> lines() throws IOException {
            String text = Files.readString(log, StandardCharsets.US_ASCII);
            return text.substring(0, text.lastIndexOf('\n') + 1).lines().toList();
        }
    }
}
