package org.scoutfs.systemtest;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.scoutfs.testkit.Profile;

/** {@code bigdir.c} on a real mount: a large directory that is listed while others add, remove and rename in it. */
class HugeDirectoryIT {
    static java.util.List<Transport> transports() {
        return Transport.available();
    }

    @ParameterizedTest
    @MethodSource("transports")
    @Timeout(7200)
    void listedWhileOthersChangeIt(Transport transport) throws IOException {
        int names = Profile.count(20_000, 1_000_000);
        try (Target target = Target.create("huge-" + transport, 4L << 30, transport)) {
            target.mount();
            Path directory = Files.createDirectory(target.root().resolve("d"));
            String said = Command.of(SystemTests.program("bigdir"), names, Profile.isLong() ? 60 : 3)
                    .in(directory)
                    .within(Duration.ofSeconds(Profile.isLong() ? 3600 : 300))
                    .run()
                    .mustSucceed()
                    .output();
            System.out.printf("[huge] %s: %s", transport, said);
            target.unmount();
            target.check();
        }
    }
}
