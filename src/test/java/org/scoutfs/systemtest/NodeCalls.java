package org.scoutfs.systemtest;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.scoutfs.base.Errno;

/** A process in a mount that makes the system calls it is told, and keeps files open between them: {@code nodecalls.c}. */
final class NodeCalls implements AutoCloseable {
    static final int O_RDONLY = 0;
    static final int O_WRONLY = 1;
    static final int O_RDWR = 2;
    static final int O_CREAT = 0x40;
    static final int O_EXCL = 0x80;
    static final int O_DIRECTORY = 0x10000;
    static final int O_DIRECT = 0x4000;

    private static final String ENDED = "-1 0 ended";
    /** Far more than a take-over takes: what is not done by then will never be. */
    private static final Duration PATIENCE = Duration.ofSeconds(120);

    private final Process process;
    private final Writer in;
    private final BlockingQueue<String> answers = new LinkedBlockingQueue<>();

    NodeCalls(Path directory) {
        try {
            process = new ProcessBuilder(SystemTests.program("nodecalls").toString())
                    .directory(directory.toFile())
                    .redirectError(ProcessBuilder.Redirect.INHERIT)
                    .start();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        in = process.outputWriter(StandardCharsets.US_ASCII);
        Thread.ofPlatform().daemon().start(this::read);
    }

    private void read() {
        try (BufferedReader out = process.inputReader(StandardCharsets.US_ASCII)) {
            for (String line; (line = out.readLine()) != null; ) {
                answers.add(line);
            }
        } catch (IOException e) {
            answers.add("-1 0 " + e.getMessage());
        }
        answers.add(ENDED);
    }

    /**
     * @param errno 0 where the call succeeded
     * @param value what it returned
     * @param text what it gave
     */
    record Answer(int errno, long value, String text) {
        List<String> words() {
            return text.isBlank() ? List.of() : List.of(text.strip().split(" "));
        }

        /** The bytes that were read, as text. */
        String bytes() {
            return new String(HexFormat.of().parseHex(text.strip().substring(1)), StandardCharsets.ISO_8859_1);
        }

        boolean isError(Errno expected) {
            return errno == expected.number();
        }

        Answer mustSucceed() {
            assertThat(errno).as("errno of a call that must succeed; it gave '%s'", text).isZero();
            return this;
        }
    }

    /** What stat(2) says, as far as tests compare it. */
    record Attributes(long ino, int mode, long nlink, long size, long mtime, long ctime, long uid) {
        static Attributes of(Answer answer) {
            List<String> words = answer.words();
            return new Attributes(Long.parseLong(words.get(0)), Integer.parseInt(words.get(1), 8), Long.parseLong(words.get(2)),
                    Long.parseLong(words.get(3)), Long.parseLong(words.get(4)), Long.parseLong(words.get(5)),
                    Long.parseLong(words.get(6)));
        }
    }

    /** Begins a call; its answer comes with {@link #finish}. */
    void begin(Object... words) {
        String line = String.join(" ", Arrays.stream(words).map(Object::toString).toList()) + "\n";
        try {
            in.write(line);
            in.flush();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    boolean isFinished() {
        return !answers.isEmpty();
    }

    Answer finish() {
        try {
            String line = answers.poll(PATIENCE.toMillis(), TimeUnit.MILLISECONDS);
            if (line == null) {
                throw new AssertionError("a system call is not done after " + PATIENCE.toSeconds() + " s");
            }
            if (line.startsWith("-1")) {
                throw new AssertionError("nodecalls ended: " + line);
            }
            String[] parts = line.split(" ", 3);
            return new Answer(Integer.parseInt(parts[0]), Long.parseLong(parts[1]), parts.length < 3 ? "" : parts[2]);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new AssertionError(e);
        }
    }

    /** Makes a call that must succeed. */
    Answer call(Object... words) {
        Answer answer = attempt(words);
        assertThat(answer.errno()).as("errno of %s, which gave '%s'", Arrays.toString(words), answer.text()).isZero();
        return answer;
    }

    /** Makes a call that may fail. */
    Answer attempt(Object... words) {
        begin(words);
        return finish();
    }

    void mustFail(Errno expected, Object... words) {
        Answer answer = attempt(words);
        assertThat(answer.errno()).as("errno of %s", Arrays.toString(words)).isEqualTo(expected.number());
    }

    boolean exists(String path) {
        Answer answer = attempt("stat", path);
        assertThat(answer.errno()).as("errno of stat %s", path).isIn(0, Errno.ENOENT.number());
        return answer.errno() == 0;
    }

    Attributes stat(String path) {
        return Attributes.of(call("stat", path));
    }

    Attributes fstat(int slot) {
        return Attributes.of(call("fstat", slot));
    }

    List<String> list(String path) {
        return call("list", path).words().stream().sorted().toList();
    }

    void open(int slot, String path, int flags) {
        call("open", slot, path, flags, 0666);
    }

    String read(int slot, long offset, int size) {
        return call("pread", slot, offset, size).bytes();
    }

    void write(int slot, long offset, String text) {
        call("pwrite", slot, offset, hex(text));
    }

    String load(int slot, long offset, int size) {
        return call("load", slot, offset, size).bytes();
    }

    void store(int slot, long offset, String text) {
        call("store", slot, offset, hex(text));
    }

    /** A whole new file. */
    void create(String path, String text) {
        open(15, path, O_CREAT | O_EXCL | O_WRONLY);
        write(15, 0, text);
        call("close", 15);
    }

    /** All of a small file. */
    String contents(String path) {
        open(15, path, O_RDONLY);
        String text = read(15, 0, 1 << 16);
        call("close", 15);
        return text;
    }

    private static String hex(String text) {
        return "." + HexFormat.of().formatHex(text.getBytes(StandardCharsets.ISO_8859_1));
    }

    /** Ends it as a crash of the program would. */
    void kill() {
        process.destroyForcibly();
    }

    @Override
    public void close() {
        process.destroyForcibly();
        try {
            // One that waits for a dead mount ends with that.
            if (!process.waitFor(30, TimeUnit.SECONDS)) {
                System.out.println("nodecalls " + process.pid() + " does not end");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
