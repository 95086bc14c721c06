package org.scoutfs.cli;

import java.util.List;

/** The help texts, from the commands' specifications. */
final class Help {
    private static final int WIDTH = 79;
    /** Where descriptions of options begin. */
    private static final int OPTION_COLUMN = 29;

    private Help() {}

    /** What {@code scoutfs} without arguments prints. */
    static String general(List<Subcommand> commands) {
        int nameWidth = 0;
        for (Subcommand each : commands) {
            nameWidth = Math.max(nameWidth, each.command().name().length());
        }
        StringBuilder out = new StringBuilder();
        out.append("usage: scoutfs <command> [<args>]\n\n");
        out.append("A path to a mount is the current directory unless one is given.\n");
        out.append("Each command says more with --help.\n\n");
        out.append("Supported format version: ").append(Version.FORMATS).append("\n\n");
        for (Command.Group group : Command.Group.values()) {
            out.append(group.heading()).append(":\n");
            for (Subcommand each : commands) {
                Command command = each.command();
                if (command.group() == group) {
                    String name = Text.right(command.name(), nameWidth);
                    out.append("  ").append(name).append(' ').append(command.synopsis()).append('\n');
                    out.append(" ".repeat(nameWidth + 3)).append(command.summary()).append('\n');
                }
            }
            out.append('\n');
        }
        return out.toString();
    }

    /** What {@code scoutfs CMD --help} prints. */
    static String of(Command command) {
        StringBuilder out = new StringBuilder();
        out.append("Usage: scoutfs ").append(command.name()).append(" [OPTION...]");
        out.append(operands(command)).append('\n');
        out.append(command.summary()).append(".\n\n");
        for (String paragraph : command.description().split("\n", -1)) {
            out.append(Text.wrapped(paragraph, 0, WIDTH)).append('\n');
        }
        out.append('\n');
        for (Option option : ArgumentParser.allOptions(command)) {
            String names = option.letter() == '\0' ? "      --" : "  -" + option.letter() + ", --";
            names += option.name() + (option.argument() == null ? "" : "=" + option.argument());
            out.append(Text.left(names, OPTION_COLUMN - 1)).append(' ');
            if (names.length() >= OPTION_COLUMN) {
                out.append('\n').repeat(' ', OPTION_COLUMN);
            }
            out.append(Text.wrapped(option.description(), OPTION_COLUMN, WIDTH)).append('\n');
        }
        return out.toString();
    }

    /** What {@code scoutfs CMD --usage} prints. */
    static String usage(Command command) {
        StringBuilder out = new StringBuilder("Usage: scoutfs " + command.name());
        for (Option option : ArgumentParser.allOptions(command)) {
            String argument = option.argument();
            out.append(" [");
            if (option.letter() != '\0') {
                out.append('-').append(option.letter());
                out.append(argument == null ? "" : " " + argument).append("|");
            }
            out.append("--").append(option.name()).append(argument == null ? "" : "=" + argument).append(']');
        }
        return Text.wrapped(out.append(operands(command)).toString(), 12, WIDTH) + "\n";
    }

    private static String operands(Command command) {
        StringBuilder out = new StringBuilder();
        command.operands().forEach(operand -> out.append(' ').append(operand));
        return out.toString();
    }
}
