package org.scoutfs.cli;

import java.io.BufferedOutputStream;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.InvalidPathException;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.scoutfs.base.Errno;
import org.scoutfs.sys.SystemCallException;

/** The program: runs one subcommand and ends with its exit status. */
public final class Main {
    static final int OK = 0;
    static final int FAILED = 1;
    static final int USAGE = 64;

    private Main() {}

    public static void main(String[] words) {
        PrintStream out = new PrintStream(
                new BufferedOutputStream(new FileOutputStream(FileDescriptor.out), 1 << 16),
                false,
                StandardCharsets.UTF_8);
        PrintStream err = new PrintStream(new FileOutputStream(FileDescriptor.err), true, StandardCharsets.UTF_8);
        int status = run(List.of(words), new Console(out, err, System::getenv, columns()));
        if (out.checkError() && status == OK) { // flushes
            err.println("scoutfs: writing the output failed");
            status = FAILED;
        }
        // Not a return: threads of a mount that failed half-way must not keep the process.
        System.exit(status);
    }

    /** The launcher looks, because Java cannot ask a terminal. */
    private static int columns() {
        String columns = System.getenv("SCOUTFS_COLUMNS");
        try {
            return columns == null ? 0 : Integer.parseInt(columns);
        } catch (NumberFormatException notANumber) {
            return 0;
        }
    }

    /** Everything but the process around it. */
    static int run(List<String> words, Console console) {
        if (words.isEmpty()) {
            console.err().print(Help.general(Commands.all()));
            return FAILED;
        }
        String name = words.getFirst();
        if (name.equals("--help")) {
            console.out().print(Help.general(Commands.all()));
            return OK;
        }
        if (name.equals("--version")) {
            console.out().println(Version.text());
            return OK;
        }
        Subcommand subcommand = Commands.find(name);
        if (subcommand == null) {
            console.err().println("scoutfs: unrecognized command: '" + name + "'");
            console.err().print(Help.general(Commands.all()));
            return FAILED;
        }
        return run(subcommand, words.subList(1, words.size()), console);
    }

    private static int run(Subcommand subcommand, List<String> words, Console console) {
        Command command = subcommand.command();
        try {
            Arguments arguments = ArgumentParser.parse(command, words);
            if (arguments.has(Option.HELP.letter())) {
                console.out().print(Help.of(command));
                return OK;
            }
            if (arguments.has(Option.USAGE.letter())) {
                console.out().print(Help.usage(command));
                return OK;
            }
            return subcommand.run(arguments, console);
        } catch (UsageException usage) {
            console.out().flush();
            console.err().println(command.name() + ": " + usage.getMessage());
            console.err()
                    .println("Try `" + command.name() + " --help' or `" + command.name()
                            + " --usage' for more information.");
            return USAGE;
        } catch (CommandFailure failure) {
            return failed(command, failure.errno(), failure.line(), console);
        } catch (InvalidPathException noPath) {
            return failed(command, Errno.EINVAL.number(), "not a path: " + noPath.getMessage(), console);
        } catch (SystemCallException failure) {
            return failed(command, failure.number(), failure.getMessage(), console);
        } catch (IOException failure) {
            return failed(command, Errno.EIO.number(), failure.getMessage(), console);
        }
    }

    private static int failed(Command command, int errno, @Nullable String line, Console console) {
        console.out().flush();
        if (line != null) {
            console.err().println(line);
        }
        console.err().println("scoutfs: " + command.name() + " failed: " + Errno.textOf(errno) + " (" + errno + ")");
        return FAILED;
    }
}
