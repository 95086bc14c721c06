package org.scoutfs.cli;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Reads arguments as the C library's {@code getopt_long} does: options and positional arguments in any order, short options in
 * clusters, long ones with {@code =} or cut to any unambiguous beginning, {@code --} before positional arguments that look like
 * options. One thing is easier: a dash with digits after it is a number.
 */
final class ArgumentParser {
    private final Command command;
    private final Arguments result = new Arguments();

    private ArgumentParser(Command command) {
        this.command = command;
    }

    /** The arguments, with all positional ones that the command needs and no more than it takes. */
    static Arguments parse(Command command, List<String> words) throws UsageException {
        ArgumentParser parser = new ArgumentParser(command);
        parser.parseAll(words);
        return parser.result;
    }

    private void parseAll(List<String> words) throws UsageException {
        for (int i = 0; i < words.size(); i++) {
            String word = words.get(i);
            if (word.equals("--")) {
                words.subList(i + 1, words.size()).forEach(result::addOperand);
                break;
            } else if (word.startsWith("--")) {
                i += parseLong(word.substring(2), next(words, i));
            } else if (word.startsWith("-") && word.length() > 1 && !isNumber(word)) {
                i += parseCluster(word, next(words, i));
            } else {
                result.addOperand(word);
            }
        }
        if (!result.has(Option.HELP.letter()) && !result.has(Option.USAGE.letter())) {
            checkOperands();
        }
    }

    private static @Nullable String next(List<String> words, int i) {
        return i + 1 < words.size() ? words.get(i + 1) : null;
    }

    /** @return how many words after this one were used up */
    private int parseLong(String word, @Nullable String next) throws UsageException {
        int equals = word.indexOf('=');
        String name = equals < 0 ? word : word.substring(0, equals);
        Option option = longOption(name);
        if (!option.takesArgument()) {
            if (equals >= 0) {
                throw new UsageException("option '--" + option.name() + "' doesn't allow an argument");
            }
            result.addOption(option.letter(), "");
            return 0;
        }
        if (equals >= 0) {
            result.addOption(option.letter(), word.substring(equals + 1));
            return 0;
        }
        if (next == null) {
            throw new UsageException("option '--" + option.name() + "' requires an argument");
        }
        result.addOption(option.letter(), next);
        return 1;
    }

    private Option longOption(String name) throws UsageException {
        List<Option> matches = new ArrayList<>();
        for (Option option : allOptions(command)) {
            if (option.name().equals(name)) {
                return option;
            }
            if (option.name().startsWith(name)) {
                matches.add(option);
            }
        }
        if (matches.isEmpty()) {
            throw new UsageException("unrecognized option '--" + name + "'");
        }
        if (matches.size() > 1) {
            StringBuilder possibilities = new StringBuilder();
            matches.forEach(match -> possibilities.append(" '--").append(match.name()).append('\''));
            throw new UsageException("option '--" + name + "' is ambiguous; possibilities:" + possibilities);
        }
        return matches.getFirst();
    }

    /** {@code -abc}, {@code -pPATH}, or {@code -p} and the next word. */
    private int parseCluster(String word, @Nullable String next) throws UsageException {
        for (int i = 1; i < word.length(); i++) {
            Option option = shortOption(word.charAt(i));
            if (!option.takesArgument()) {
                result.addOption(option.letter(), "");
            } else if (i + 1 < word.length()) {
                result.addOption(option.letter(), word.substring(i + 1));
                return 0;
            } else if (next == null) {
                throw new UsageException("option requires an argument -- '" + option.letter() + "'");
            } else {
                result.addOption(option.letter(), next);
                return 1;
            }
        }
        return 0;
    }

    private Option shortOption(char letter) throws UsageException {
        for (Option option : allOptions(command)) {
            if (option.letter() == letter && letter != '\0') {
                return option;
            }
        }
        throw new UsageException("invalid option -- '" + letter + "'");
    }

    private void checkOperands() throws UsageException {
        int missing = result.operandCount();
        if (missing < command.operands().size()) {
            throw new UsageException("must provide " + command.operands().get(missing));
        }
        if (missing > command.operands().size() + command.extraOperands()) {
            throw new UsageException("Too many arguments");
        }
    }

    private static boolean isNumber(String word) {
        return Character.isDigit(word.charAt(1));
    }

    static List<Option> allOptions(Command command) {
        List<Option> all = new ArrayList<>(command.options());
        all.add(Option.HELP);
        all.add(Option.USAGE);
        return all;
    }
}
