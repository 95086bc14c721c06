package org.scoutfs.node;

import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.text.MessageFormat;
import java.time.Instant;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.util.Locale;
import java.util.ResourceBundle;
import org.jspecify.annotations.Nullable;
import org.scoutfs.base.Clock;

/**
 * What is behind {@code System.Logger} in this program: one line per message, with the time, {@code scoutfs f.FFFFFF.r.RRRRRR} (the
 * first six digits of the volume's id and of the mount's incarnation), the level when it is more than information, and the message.
 * Lines of a stack trace follow, each after two blanks.
 *
 * <p>Not java.util.logging: that one stops to log when the process is told to end, which is when a mount has the most to say.
 *
 * <p>Thread-safe: each message is one write.
 */
public final class MountLog extends System.LoggerFinder {
    private static final DateTimeFormatter TIME =
            DateTimeFormatter.ofPattern("yyyy-MM-dd HH:mm:ss.SSS", Locale.ROOT).withZone(ZoneId.systemDefault());
    private static final int NANOS_PER_SECOND = 1_000_000_000;

    /** Where lines go, and what they begin with. One for the process: loggers are made before anybody knows of a mount. */
    private static volatile Sink sink = new Sink(new FileOutputStream(FileDescriptor.err), "scoutfs");

    private record Sink(OutputStream out, String prefix) {}

    /** For the service loader. */
    public MountLog() {}

    /** Names the mount in all lines from now on. */
    public static void name(long fsid, long rid) {
        sink = new Sink(sink.out, String.format("scoutfs f.%06x.r.%06x", fsid >>> 40, rid >>> 40));
    }

    /** Lines are appended to a file from now on. */
    public static void toFile(Path path) throws IOException {
        sink = new Sink(new FileOutputStream(path.toFile(), true), sink.prefix);
    }

    @Override
    public System.Logger getLogger(String name, Module module) {
        return new LineLogger(name);
    }

    /** The line of a message, with its end. */
    static String line(String prefix, long wallNanos, System.Logger.Level level, String message, @Nullable Throwable thrown) {
        Instant time = Instant.ofEpochSecond(
                Math.floorDiv(wallNanos, NANOS_PER_SECOND), Math.floorMod(wallNanos, (long) NANOS_PER_SECOND));
        StringBuilder line = new StringBuilder(TIME.format(time)).append(' ').append(prefix);
        if (level == System.Logger.Level.WARNING || level == System.Logger.Level.ERROR) {
            line.append(' ').append(level.getName().toLowerCase(Locale.ROOT));
        }
        line.append(": ").append(message).append('\n');
        if (thrown != null) {
            StringWriter trace = new StringWriter();
            PrintWriter writer = new PrintWriter(trace);
            thrown.printStackTrace(writer);
            writer.flush();
            trace.toString().lines().forEach(each -> line.append("  ").append(each.strip()).append('\n'));
        }
        return line.toString();
    }

    private static void write(System.Logger.Level level, @Nullable String message, @Nullable Throwable thrown) {
        Sink to = sink;
        String line = line(to.prefix, Clock.system().wallNanos(), level, String.valueOf(message), thrown);
        try {
            to.out.write(line.getBytes(StandardCharsets.UTF_8));
        } catch (IOException lost) {
            // A full disk under the log must not stop the mount, and there is nobody to tell.
        }
    }

    private record LineLogger(String name) implements System.Logger {
        @Override
        public String getName() {
            return name;
        }

        @Override
        public boolean isLoggable(Level level) {
            return level.getSeverity() >= threshold().getSeverity() && level != Level.OFF;
        }

        private static Level threshold() {
            return Boolean.getBoolean("scoutfs.log.debug") ? Level.DEBUG : Level.INFO;
        }

        @Override
        public void log(
                Level level, @Nullable ResourceBundle bundle, @Nullable String message, @Nullable Throwable thrown) {
            if (isLoggable(level)) {
                write(level, message, thrown);
            }
        }

        @Override
        public void log(
                Level level, @Nullable ResourceBundle bundle, @Nullable String format, @Nullable Object... parameters) {
            if (isLoggable(level)) {
                boolean isPlain = format == null || parameters == null || parameters.length == 0;
                write(level, isPlain ? format : MessageFormat.format(format, parameters), null);
            }
        }
    }
}
