package org.scoutfs.node;

import java.io.FileOutputStream;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.util.Locale;
import java.util.logging.ConsoleHandler;
import java.util.logging.Formatter;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogManager;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import java.util.logging.StreamHandler;

/**
 * The form and place of log lines: time, {@code scoutfs f.FFFFFF.r.RRRRRR} with the first six digits of the volume's id and of the
 * mount's incarnation, the level when it is more than information, and the message. Stack traces follow in lines that begin with
 * a blank.
 *
 * <p>All code logs through {@code System.Logger}; this configures what is behind it.
 */
public final class MountLog {
    private static final DateTimeFormatter TIME =
            DateTimeFormatter.ofPattern("yyyy-MM-dd HH:mm:ss.SSS", Locale.ROOT).withZone(ZoneId.systemDefault());

    private MountLog() {}

    /** Log lines go to standard error. */
    public static void toStandardError(long fsid, long rid) {
        install(new ConsoleHandler(), fsid, rid);
    }

    /** Log lines are appended to a file. Lines of several mounts may share it: each is one write. */
    public static void toFile(Path path, long fsid, long rid) throws IOException {
        Handler handler = new StreamHandler(new FileOutputStream(path.toFile(), true), new LineFormatter("")) {
            @Override
            public void publish(LogRecord record) {
                super.publish(record);
                flush(); // whoever reads the log after a crash wants the last line
            }
        };
        handler.setEncoding(StandardCharsets.UTF_8.name());
        install(handler, fsid, rid);
    }

    private static void install(Handler handler, long fsid, long rid) {
        String prefix = String.format("scoutfs f.%06x.r.%06x", fsid >>> 40, rid >>> 40);
        handler.setFormatter(new LineFormatter(prefix));
        handler.setLevel(Level.ALL);
        LogManager.getLogManager().reset();
        Logger root = Logger.getLogger("");
        root.setLevel(Level.INFO);
        root.addHandler(handler);
    }

    /** One record, one line. */
    static final class LineFormatter extends Formatter {
        private final String prefix;

        LineFormatter(String prefix) {
            this.prefix = prefix;
        }

        @Override
        public String format(LogRecord record) {
            StringBuilder line = new StringBuilder(TIME.format(record.getInstant()));
            line.append(' ').append(prefix);
            if (record.getLevel().intValue() >= Level.SEVERE.intValue()) {
                line.append(" error");
            } else if (record.getLevel().intValue() >= Level.WARNING.intValue()) {
                line.append(" warning");
            }
            line.append(": ").append(formatMessage(record)).append('\n');
            Throwable thrown = record.getThrown();
            if (thrown != null) {
                StringWriter trace = new StringWriter();
                thrown.printStackTrace(new PrintWriter(trace, true));
                trace.toString().lines().forEach(each -> line.append("  ").append(each.strip()).append('\n'));
            }
            return line.toString();
        }
    }
}
