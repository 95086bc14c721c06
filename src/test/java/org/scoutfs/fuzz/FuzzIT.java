package org.scoutfs.fuzz;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.scoutfs.base.Clock;
import org.scoutfs.cli.ArgumentsFuzz;
import org.scoutfs.fs.IoctlFuzz;
import org.scoutfs.fuse.RequestFuzz;
import org.scoutfs.lsm.SegmentFuzz;
import org.scoutfs.net.FramesFuzz;
import org.scoutfs.node.MountOptionsFuzz;
import org.scoutfs.quorum.ReignFuzz;
import org.scoutfs.testkit.Profile;
import org.scoutfs.volume.BlocksFuzz;

/**
 * Runs Jazzer on each target for {@code -Dfuzz.seconds}, four targets at a time, each in its own JVM. The normal run begins with
 * the same seed each time, so that what it finds belongs to the change at hand; the long one begins with another each time.
 */
@Execution(ExecutionMode.CONCURRENT)
class FuzzIT {
    private static final Pattern RUNS = Pattern.compile("Done (\\d+) runs in");
    private static final int SECONDS_ASKED = Integer.getInteger("scoutfs.fuzz.seconds", 5);
    private static final long SEED = Profile.isLong() ? Clock.system().wallNanos() & 0x7fffffff : 1;
    private static final int SECONDS =
            Profile.isLong() ? Profile.scaled(Math.min(60, SECONDS_ASKED), SECONDS_ASKED) : SECONDS_ASKED;

    static Stream<Class<? extends FuzzTarget>> targets() {
        return Stream.of(
                KeysFuzz.class,
                VersionFuzz.class,
                StateEditFuzz.class,
                InodeItemFuzz.class,
                DirentItemFuzz.class,
                ExtentItemFuzz.class,
                NamedItemsFuzz.class,
                BlocksFuzz.class,
                SegmentFuzz.class,
                RequestFuzz.class,
                IoctlFuzz.class,
                MessageFuzz.class,
                FramesFuzz.class,
                ReignFuzz.class,
                ArgumentsFuzz.class,
                MountOptionsFuzz.class);
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("targets")
    @Execution(ExecutionMode.CONCURRENT)
    void survivesAnyBytes(Class<? extends FuzzTarget> target, @TempDir Path dir)
            throws IOException, InterruptedException {
        Path corpus = Files.createDirectory(dir.resolve("corpus"));
        List<byte[]> seeds = newTarget(target).seeds();
        assertThat(seeds).as("seeds of %s", target).isNotEmpty();
        for (int i = 0; i < seeds.size(); i++) {
            Files.write(corpus.resolve("seed-" + i), seeds.get(i));
        }
        Path log = dir.resolve("log");
        // Behind the tests on mounts that run at the same time, so that these do not wait for it.
        Process jazzer = new ProcessBuilder(
                        "nice",
                        "-n",
                        "5",
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-Xmx512m",
                        "--enable-native-access=ALL-UNNAMED",
                        "-cp",
                        classPath(),
                        "-Dscoutfs.fuzz.target=" + target.getName(),
                        "com.code_intelligence.jazzer.Jazzer",
                        "--target_class=" + FuzzMain.class.getName(),
                        "--instrumentation_includes=org.scoutfs.**",
                        "--reproducer_path=" + dir,
                        "-max_total_time=" + SECONDS,
                        "-seed=" + SEED,
                        "-timeout=240", // many times what an input takes, for when others have the CPUs
                        "-rss_limit_mb=3072",
                        "-artifact_prefix=" + dir + "/",
                        corpus.toString())
                .directory(dir.toFile())
                .redirectErrorStream(true)
                .redirectOutput(log.toFile())
                .start();
        try {
            assertThat(jazzer.waitFor(SECONDS + 600L, TimeUnit.SECONDS)).as("jazzer ends").isTrue();
        } finally {
            jazzer.destroyForcibly();
        }
        String said = Files.readString(log, StandardCharsets.UTF_8);
        assertThat(jazzer.exitValue()).as("findings of %s:%n%s", target.getName(), tail(said)).isZero();
        Matcher runs = RUNS.matcher(said);
        assertThat(runs.find()).as("jazzer says how many runs:%n%s", tail(said)).isTrue();
        // How many depends on what else runs; the seeds are taken in any case, and the time counts from then on.
        assertThat(Long.parseLong(runs.group(1))).as("runs").isGreaterThanOrEqualTo(seeds.size());
        System.out.printf("[fuzz] %s: %s runs in %d s from seed %d%n", target.getSimpleName(), runs.group(1), SECONDS, SEED);
    }

    /** The child runs in another directory. */
    private static String classPath() {
        String path = System.getProperty("surefire.test.class.path", System.getProperty("java.class.path"));
        return Stream.of(path.split(java.io.File.pathSeparator))
                .map(entry -> Path.of(entry).toAbsolutePath().toString())
                .collect(java.util.stream.Collectors.joining(java.io.File.pathSeparator));
    }

    private static FuzzTarget newTarget(Class<? extends FuzzTarget> target) {
        try {
            return target.getConstructor().newInstance();
        } catch (ReflectiveOperationException e) {
            throw new IllegalArgumentException("a target has a public constructor without arguments: " + target, e);
        }
    }

    private static String tail(String text) {
        return text.length() <= 6000 ? text : text.substring(text.length() - 6000);
    }
}
