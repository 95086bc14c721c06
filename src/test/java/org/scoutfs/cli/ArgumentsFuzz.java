package org.scoutfs.cli;

import java.nio.charset.StandardCharsets;
import java.util.List;
import org.scoutfs.fuzz.FuzzTarget;

/**
 * Words of a command line, separated by NULs, for one of the subcommands that the first byte chooses: arguments, or one line that says
 * what is wrong. Nothing is run: among the words could be a device.
 */
public final class ArgumentsFuzz implements FuzzTarget {
    private static final List<Subcommand> COMMANDS = Commands.all();

    @Override
    public List<byte[]> seeds() {
        return List.of(
                seed(2, "-f", "--size", "10G", "image"),
                seed(3, "-o", "ro,uring=on", "device", "dir"),
                seed(11, "meta_seq", "0", "-1"),
                seed(12, "-i", "5", "-p/mnt", "--", "-x"),
                seed(0, "--data=", "--mou", "-dm"));
    }

    private static byte[] seed(int command, String... words) {
        return ((char) command + String.join("\0", words)).getBytes(StandardCharsets.UTF_8);
    }

    @Override
    public void decode(byte[] input) {
        if (input.length == 0) {
            return;
        }
        Command command = COMMANDS.get((input[0] & 0xff) % COMMANDS.size()).command();
        String text = new String(input, 1, input.length - 1, StandardCharsets.UTF_8);
        try {
            Arguments arguments = ArgumentParser.parse(command, List.of(text.split("\0", -1)));
            for (int i = 0; i < arguments.operandCount(); i++) {
                if (arguments.operand(i) == null) {
                    throw new AssertionError("operand " + i + " is null");
                }
            }
        } catch (UsageException wrong) {
            // One line, but for the line ends that were in the words.
            boolean isOneLine = wrong.getMessage().lines().count() <= 1 + text.chars().filter(c -> c == '\n' || c == '\r').count();
            if (wrong.getMessage().isBlank() || !isOneLine) {
                throw new AssertionError("says '" + wrong.getMessage() + "'");
            }
        }
    }
}
