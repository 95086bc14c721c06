package org.scoutfs.cli;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The parsed arguments of one command: options by letter, and positional arguments in order. */
final class Arguments {
    private final Map<Character, List<String>> options = new HashMap<>();
    private final List<String> operands = new ArrayList<>();

    void addOption(char letter, String value) {
        options.computeIfAbsent(letter, unused -> new ArrayList<>()).add(value);
    }

    void addOperand(String operand) {
        operands.add(operand);
    }

    boolean has(char letter) {
        return options.containsKey(letter);
    }

    /** The last value of an option, or null when it was not given. */
    @Nullable String value(char letter) {
        List<String> values = options.get(letter);
        return values == null ? null : values.getLast();
    }

    /** All values of an option that may be repeated. */
    List<String> values(char letter) {
        return options.getOrDefault(letter, List.of());
    }

    int operandCount() {
        return operands.size();
    }

    String operand(int index) {
        return operands.get(index);
    }
}
