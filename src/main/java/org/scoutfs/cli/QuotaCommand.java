package org.scoutfs.cli;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.scoutfs.base.Errno;
import org.scoutfs.format.ioctl.IoctlCommand;
import org.scoutfs.format.ioctl.QuotaRule;
import org.scoutfs.format.ioctl.QuotaRules;
import org.scoutfs.sys.SystemCallException;

/** {@code scoutfs quota-add}, {@code quota-del}, {@code quota-list}, {@code quota-wipe}, {@code quota-restore}. */
final class QuotaCommand implements Subcommand {
    private static final int BATCH = 4096;
    private static final Option RULE = new Option('r', "rule", "RULE", "The rule. Needed.");
    private static final Option UNSORTED =
            new Option('U', "unsorted", null, "In the order in which they are stored: takes no memory for all of them.");
    private static final String NEEDS = "\nNeeds -p and the capability CAP_SYS_ADMIN.";

    /** What is done with rules. */
    enum Verb {
        ADD("quota-add", "Add a quota rule", "Adds a rule, which every mount obeys when the command is back. " + RuleText.GRAMMAR, RULE),
        DELETE("quota-del", "Delete a quota rule", "Deletes the rule that is like RULE in every part. " + RuleText.GRAMMAR, RULE),
        LIST("quota-list", "List the quota rules", "Prints the rules: of those that match, the first one decides.", UNSORTED),
        WIPE("quota-wipe", "Delete all quota rules", "Deletes all rules.", UNSORTED),
        RESTORE("quota-restore", "Add the quota rules of a list", "Adds the rules that quota-list printed, from standard input.", UNSORTED);

        private final String name;
        private final String summary;
        private final String description;
        private final Option option;

        Verb(String name, String summary, String description, Option option) {
            this.name = name;
            this.summary = summary;
            this.description = description;
            this.option = option;
        }
    }

    private final Verb verb;

    QuotaCommand(Verb verb) {
        this.verb = verb;
    }

    @Override
    public Command command() {
        return new Command(
                verb.name,
                Command.Group.CORE,
                verb.option.equals(RULE) ? "-p PATH -r RULE" : "-p PATH",
                verb.summary,
                verb.description + NEEDS,
                List.of(Option.PATH, verb.option),
                List.of(),
                0);
    }

    @Override
    public int run(Arguments arguments, Console console) throws UsageException, CommandFailure {
        String mount = arguments.value(Option.PATH.letter());
        if (mount == null) {
            throw new UsageException("must provide path");
        }
        String text = arguments.value(RULE.letter());
        if (verb.option.equals(RULE) && text == null) {
            throw new UsageException("must provide rule");
        }
        @Nullable QuotaRule rule = text == null ? null : RuleText.parse(text, console);
        try (MountedPath path = MountedPath.open(mount)) {
            switch (verb) {
                case ADD -> modify(path, IoctlCommand.ADD_QUOTA_RULE, Objects.requireNonNull(rule));
                case DELETE -> modify(path, IoctlCommand.DEL_QUOTA_RULE, Objects.requireNonNull(rule));
                case LIST -> list(path, arguments, console);
                case WIPE -> wipe(path, console);
                case RESTORE -> restore(path, console);
            }
        }
        return Main.OK;
    }

    private static void list(MountedPath path, Arguments arguments, Console console) throws CommandFailure {
        if (arguments.has(UNSORTED.letter())) {
            read(path, rule -> console.out().println(RuleText.print(rule)));
            return;
        }
        all(path).forEach(rule -> console.out().println(RuleText.print(rule)));
    }

    private static void wipe(MountedPath path, Console console) throws CommandFailure {
        // All first: a list that is shortened while it is read would be read in part.
        for (QuotaRule rule : all(path)) {
            modifyListed(path, IoctlCommand.DEL_QUOTA_RULE, rule, "delete", console);
        }
    }

    private static void restore(MountedPath path, Console console) throws CommandFailure {
        try {
            BufferedReader lines = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                if (!line.isBlank()) {
                    modifyListed(path, IoctlCommand.ADD_QUOTA_RULE, RuleText.parse(line, console), "add", console);
                }
            }
        } catch (IOException unreadable) {
            throw CommandFailure.of(Errno.EIO, "standard input cannot be read: " + unreadable.getMessage());
        }
    }

    private static void modifyListed(MountedPath path, int command, QuotaRule rule, String what, Console console)
            throws CommandFailure {
        try {
            modify(path, command, rule);
        } catch (CommandFailure failure) {
            console.out().println("failed to " + what + " this rule, and stopped:");
            console.out().println(RuleText.print(rule));
            throw failure;
        }
    }

    private static void modify(MountedPath path, int command, QuotaRule rule) throws CommandFailure {
        try {
            int ignored = path.call(command, rule.encode());
        } catch (SystemCallException failure) {
            throw new CommandFailure(failure.number(), "MOD_QUOTA_RULE ioctl failed: " + MountedPath.reason(failure.number()));
        }
    }

    /** The one that decides comes first. */
    private static List<QuotaRule> all(MountedPath path) throws CommandFailure {
        List<QuotaRule> rules = new ArrayList<>();
        read(path, rules::add);
        rules.sort(Comparator.reverseOrder());
        return rules;
    }

    private interface Sink {
        void take(QuotaRule rule);
    }

    private static void read(MountedPath path, Sink sink) throws CommandFailure {
        MemorySegment rules = path.allocate((long) BATCH * QuotaRule.SIZE);
        MemorySegment request = path.allocate(QuotaRules.SIZE);
        request.copyFrom(MemorySegment.ofArray(new QuotaRules(0, 0, rules.address(), BATCH).encode()));
        try {
            for (int count = path.call(IoctlCommand.GET_QUOTA_RULES, request);
                    count > 0;
                    count = path.call(IoctlCommand.GET_QUOTA_RULES, request)) {
                for (int i = 0; i < count; i++) {
                    sink.take(QuotaRule.decode(rules, (long) i * QuotaRule.SIZE));
                }
            }
        } catch (SystemCallException failure) {
            throw new CommandFailure(failure.number(), "GET_QUOTA_RULES ioctl failed: " + MountedPath.reason(failure.number()));
        }
    }
}
