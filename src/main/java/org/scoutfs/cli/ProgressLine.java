package org.scoutfs.cli;

import org.scoutfs.check.VolumeCheck;

/** A line on the terminal that says how far a check is, and nothing where there is no terminal. */
final class ProgressLine implements VolumeCheck.Progress {
    private static final int BAR = 40;

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
        int filled = total <= 0 ? 0 : (int) Math.min(BAR, done * BAR / total);
        String line = "\r" + Text.left(step, 18) + "[" + Text.left("#".repeat(filled), BAR) + "]";
        if (!line.equals(shown)) {
            shown = line;
            console.err().print(line);
            console.err().flush();
        }
    }

    /** Makes room for other lines. */
    void clear() {
        if (!shown.isEmpty()) {
            console.err().print("\r" + " ".repeat(shown.length()) + "\r");
            console.err().flush();
            shown = "";
        }
    }
}
