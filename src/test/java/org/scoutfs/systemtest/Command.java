package org.scoutfs.systemtest;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** Runs programs, with a deadline, and keeps what they print. */
final class Command {
    private final List<String> words;
    private Path directory = Path.of(".");
    private Duration deadline = Duration.ofSeconds(120);
    private final Map<String, String> environment = new java.util.HashMap<>();

    private Command(List<String> words) {
        this.words = words;
    }

    static Command of(Object... words) {
        List<String> text = new ArrayList<>();
        for (Object word : words) {
            text.add(word.toString());
        }
        return new Command(text);
    }

    /** A line for {@code bash -euo pipefail}. */
    static Command shell(String line) {
        return of("bash", "-euo", "pipefail", "-c", line);
    }

    Command in(Path directory) {
        this.directory = directory;
        return this;
    }

    Command within(Duration deadline) {
        this.deadline = deadline;
        return this;
    }

    Command with(String name, String value) {
        environment.put(name, value);
        return this;
    }

    /** @param output standard output and error, as they came */
    record Result(List<String> words, int exit, String output) {
        Result mustSucceed() {
            if (exit != 0) {
                throw new AssertionError(String.join(" ", words) + " ended with " + exit + ":\n" + output);
            }
            return this;
        }

        Result mustFail() {
            if (exit == 0) {
                throw new AssertionError(String.join(" ", words) + " succeeded, and must not:\n" + output);
            }
            return this;
        }
    }

    Process start() {
        return start(builder());
    }

    /** What it prints goes to the end of a file. */
    Process startAppendingTo(Path file) {
        return start(builder().redirectOutput(ProcessBuilder.Redirect.appendTo(file.toFile())));
    }

    private ProcessBuilder builder() {
        ProcessBuilder builder = new ProcessBuilder(words).directory(directory.toFile()).redirectErrorStream(true);
        builder.environment().putAll(environment);
        builder.environment().put("LC_ALL", "C.UTF-8");
        return builder;
    }

    private static Process start(ProcessBuilder builder) {
        try {
            return builder.start();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Runs to the end. A program that is not done by the deadline is killed, and the test fails with what it had printed. */
    Result run() {
        Process process = start();
        StringBuffer output = new StringBuffer();
        Thread reader = Thread.ofPlatform().daemon().start(() -> collect(process.getInputStream(), output));
        try {
            process.getOutputStream().close();
            if (!process.waitFor(deadline.toMillis(), TimeUnit.MILLISECONDS)) {
                process.descendants().forEach(ProcessHandle::destroyForcibly);
                process.destroyForcibly();
                reader.join(Duration.ofSeconds(2));
                throw new AssertionError(
                        String.join(" ", words) + " not done after " + deadline.toSeconds() + " s:\n" + output);
            }
            // A daemon that the program left behind may hold its output open: do not wait for that one's end.
            reader.join(Duration.ofSeconds(2));
        } catch (InterruptedException e) {
            process.destroyForcibly();
            Thread.currentThread().interrupt();
            throw new AssertionError("interrupted: " + words + ":\n" + output, e);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return new Result(words, process.exitValue(), output.toString());
    }

    private static void collect(InputStream in, StringBuffer into) {
        byte[] buffer = new byte[8192];
        try (in) {
            for (int size; (size = in.read(buffer)) > 0; ) {
                into.append(new String(buffer, 0, size, StandardCharsets.UTF_8));
            }
        } catch (IOException e) {
            into.append("\n[output ended: ").append(e.getMessage()).append("]");
        }
    }
}
