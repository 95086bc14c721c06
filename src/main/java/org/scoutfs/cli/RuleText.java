package org.scoutfs.cli;

import java.util.ArrayList;
import java.util.List;
import org.scoutfs.base.Errno;
import org.scoutfs.format.ioctl.QuotaRule;

/** A quota rule as text: {@code PRIO V1,S1,F1 V2,S2,F2 V3,S3,F3 OP LIMIT RF}. */
final class RuleText {
    static final String GRAMMAR = "A rule is PRIO V1,S1,F1 V2,S2,F2 V3,S3,F3 OP LIMIT RF: the priority, 0 to 255; three times a value,"
            + " where that number of the total's name comes from (L the value itself, P the project id, U the user id, G the group"
            + " id), and S for a rule that is only about whom the value belongs to, else -; I for making inodes or D for writing"
            + " data; the limit; and C to compare the total's count, else -.";

    private static final String SOURCES = "LPUG";
    private static final String OPERATIONS = "ID";
    private static final int TOKENS = 13;
    private static final int PRIORITY_WIDTH = 3;

    private RuleText() {}

    static QuotaRule parse(String text, Console console) throws CommandFailure {
        String[] tokens = text.strip().split("[\\s,]+", -1);
        if (tokens.length != TOKENS) {
            throw malformed(text, "it has " + tokens.length + " parts and not " + TOKENS, console);
        }
        List<QuotaRule.Name> names = new ArrayList<>();
        for (int i = 1; i < 10; i += 3) {
            names.add(new QuotaRule.Name(
                    number(tokens[i], text, console),
                    choice(tokens[i + 1], SOURCES, text, console),
                    choice(tokens[i + 2], "-S", text, console)));
        }
        return new QuotaRule(
                List.copyOf(names),
                number(tokens[11], text, console),
                (int) number(tokens[0], text, console) & 0xff,
                choice(tokens[10], OPERATIONS, text, console),
                choice(tokens[12], "-C", text, console));
    }

    private static long number(String token, String text, Console console) throws CommandFailure {
        try {
            return Numbers.u64(token);
        } catch (CommandFailure failure) {
            throw malformed(text, "'" + token + "' is no number", console);
        }
    }

    private static int choice(String token, String letters, String text, Console console) throws CommandFailure {
        int index = token.length() == 1 ? letters.indexOf(token.charAt(0)) : -1;
        if (index < 0) {
            throw malformed(text, "'" + token + "' is none of " + letters, console);
        }
        return index;
    }

    private static CommandFailure malformed(String text, String why, Console console) {
        console.out().println("invalid quota rule '" + text.strip() + "': " + why);
        return CommandFailure.of(Errno.EINVAL, "invalid quota rule");
    }

    static String print(QuotaRule rule) {
        StringBuilder line = new StringBuilder(Text.right(Integer.toString(rule.priority()), PRIORITY_WIDTH));
        for (QuotaRule.Name name : rule.names()) {
            line.append(' ').append(Long.toUnsignedString(name.value())).append(',');
            line.append(SOURCES.charAt(name.source())).append(',').append(name.isSelecting() ? 'S' : '-');
        }
        return line.append(' ').append(OPERATIONS.charAt(rule.operation())).append(' ')
                .append(Long.toUnsignedString(rule.limit())).append(' ')
                .append((rule.flags() & QuotaRule.COUNT) != 0 ? 'C' : '-')
                .toString();
    }
}
