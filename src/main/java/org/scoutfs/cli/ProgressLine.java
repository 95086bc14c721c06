package org.scoutfs.cli;

import org.scoutfs.check.VolumeCheck;

/** A line on the terminal that says how far a check is, and nothing where there is no terminal. */
final class ProgressLine implements VolumeCheck.Progress {
    private static final int STEP = 18;
    private static final int BAR_MAX = 40;
    /** Brackets, a blank, and a percentage. */
    private static final int AROUND = 8;

    private final Console console;
    private String shown = "";

    ProgressLine(Console console) {
        this.console = console;
    }

    @Override
    public void at(String step, long done, long total) {
        if (!console.isTerminal()) {
            return;
        }
        String line = "\r" + line(step, total <= 0 ? 0 : Math.min(1.0, (double) done / total), console.columns());
        if (!line.equals(shown)) {
            shown = line;
            console.err().print(line);
            console.err().flush();
        }
    }

    /** A line that fits: a terminal that breaks it would show a new one each time. */
    static String line(String step, double part, int columns) {
        String name = Text.left(step, STEP);
        int bar = Math.min(BAR_MAX, columns - name.length() - AROUND);
        String percent = Text.right((int) (part * 100) + "%", 5);
        if (bar < 4) {
            String all = name.strip() + percent;
            return all.substring(0, Math.min(all.length(), Math.max(0, columns - 1)));
        }
        return name + "[" + Text.left("#".repeat((int) (part * bar)), bar) + "]" + percent;
    }

    /** Makes room for other lines. */
    void clear() {
        if (!shown.isEmpty()) {
            console.err().print("\r" + " ".repeat(shown.length() - 1) + "\r");
            console.err().flush();
            shown = "";
        }
    }
}
