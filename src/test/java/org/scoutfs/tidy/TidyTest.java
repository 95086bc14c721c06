package org.scoutfs.tidy;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** What may not be written in a source, and what to write instead. */
class TidyTest {
    private static final Path MAIN = Path.of("src/main/java");
    private static final Path TEST = Path.of("src/test/java");

    /** A file longer than this has a second idea in it. */
    private static final int LINES_TO_ASK_AT = 600;

    private static final int LINES_MAX = 1500;

    /**
     * @param banned as a regular expression on one line without its comment
     * @param instead what to write
     * @param except ends of the paths where it is right
     */
    private record Rule(Pattern banned, String instead, Set<String> except) {
        static Rule of(String banned, String instead, String... except) {
            return new Rule(Pattern.compile(banned), instead, Set.of(except));
        }

        boolean applies(Path file) {
            String path = file.toString();
            return except.stream().noneMatch(path::contains);
        }
    }

    private static final List<Rule> PRODUCTION = List.of(
            Rule.of("System\\.(nanoTime|currentTimeMillis)\\(", "base.Clock", "base/SystemClock"),
            Rule.of("\\b(Instant|LocalDateTime|ZonedDateTime|OffsetDateTime)\\.now\\(", "base.Clock", "base/SystemClock"),
            Rule.of("new Random\\(|Math\\.random\\(|ThreadLocalRandom|UUID\\.randomUUID", "base.Rng"),
            Rule.of("Thread\\.sleep\\(", "a wait for what you wait for, with a deadline"),
            Rule.of("System\\.(out|err)\\b", "System.Logger; output belongs to cli", "/cli/"),
            Rule.of("System\\.exit\\(|Runtime\\.getRuntime\\(\\)\\.halt", "an exception, or an exit code of cli", "/cli/"),
            Rule.of("\\bsynchronized\\b", "ReentrantLock"),
            Rule.of("Arena\\.(global|ofAuto)\\(", "an arena with an owner that closes it", "/sys/"),
            Rule.of("\\.printStackTrace\\(\\)", "System.Logger with the exception"),
            Rule.of("ByteBuffer\\.allocateDirect\\(", "device.BufferPool or an arena"),
            Rule.of("System\\.gc\\(|\\bfinalize\\(\\)", "an owner that closes"));

    private static final List<Rule> EVERYWHERE = List.of(
            Rule.of("\\t", "four spaces"),
            Rule.of("[ \\t]+$", "no blanks at the end of a line"),
            Rule.of("\\b(TO" + "DO|FIX" + "ME|X" + "XX|HA" + "CK)\\b", "the thing itself, or an issue"),
            Rule.of("^import (?!static org\\.scoutfs).*\\*;", "the imports one by one"),
            Rule.of("@SuppressWarnings\\(\"all\"\\)", "the one warning, with the reason beside it"));

    @Test
    void nothingBannedInProduction() {
        List<String> found = new ArrayList<>();
        for (Path file : javaFiles(MAIN)) {
            search(file, PRODUCTION, true, found);
        }
        assertThat(found).isEmpty();
    }

    @Test
    void nothingBannedAnywhere() {
        List<String> found = new ArrayList<>();
        for (Path file : javaFiles(MAIN)) {
            search(file, EVERYWHERE, false, found);
        }
        for (Path file : javaFiles(TEST)) {
            search(file, EVERYWHERE, false, found);
        }
        assertThat(found).isEmpty();
    }

    @Test
    void testsDoNotSleep() {
        List<String> found = new ArrayList<>();
        Rule rule = Rule.of("Thread\\.sleep\\(", "testkit.Await", "testkit/Await");
        for (Path file : javaFiles(TEST)) {
            search(file, List.of(rule), true, found);
        }
        assertThat(found).isEmpty();
    }

    @Test
    void everyPackageSaysWhatItPromises() {
        Set<Path> missing = new TreeSet<>();
        for (Path file : javaFiles(MAIN)) {
            Path info = file.resolveSibling("package-info.java");
            if (!Files.exists(info) || !read(info).contains("@NullMarked") || !read(info).contains("/**")) {
                missing.add(info);
            }
        }
        assertThat(missing).isEmpty();
    }

    @Test
    void filesAreNotTooLong() {
        List<String> tooLong = new ArrayList<>();
        for (Path root : List.of(MAIN, TEST)) {
            for (Path file : javaFiles(root)) {
                long lines = read(file).lines().count();
                if (lines > LINES_MAX) {
                    tooLong.add(file + " has " + lines + " lines");
                } else if (lines > LINES_TO_ASK_AT) {
                    System.out.println("[tidy] " + file + " has " + lines + " lines: what is the second idea in it?");
                }
            }
        }
        assertThat(tooLong).isEmpty();
    }

    @Test
    void theRulesFindWhatTheyBan() {
        assertThat(matches(PRODUCTION, "long t = System.nanoTime();")).isTrue();
        assertThat(matches(PRODUCTION, "synchronized (this) {")).isTrue();
        assertThat(matches(EVERYWHERE, "// TO" + "DO later")).isTrue();
        assertThat(matches(PRODUCTION, code("// System.nanoTime() is banned"))).isFalse();
        assertThat(matches(PRODUCTION, code("String s = \"new Random(\";"))).isFalse();
    }

    private static boolean matches(List<Rule> rules, String line) {
        return rules.stream().anyMatch(rule -> rule.banned().matcher(line).find());
    }

    private static void search(Path file, List<Rule> rules, boolean codeOnly, List<String> found) {
        int number = 0;
        for (String line : read(file).lines().toList()) {
            number++;
            String text = codeOnly ? code(line) : line;
            for (Rule rule : rules) {
                if (rule.applies(file) && rule.banned().matcher(text).find()) {
                    found.add(file + ":" + number + ": " + line.strip() + " (instead: " + rule.instead() + ")");
                }
            }
        }
    }

    /** The line without strings and comments, as well as one line can tell. */
    private static String code(String line) {
        String stripped = line.strip();
        if (stripped.startsWith("*") || stripped.startsWith("/*")) {
            return "";
        }
        String withoutStrings = line.replaceAll("\"(\\\\.|[^\"\\\\])*\"", "\"\"");
        int comment = withoutStrings.indexOf("//");
        return comment < 0 ? withoutStrings : withoutStrings.substring(0, comment);
    }

    private static List<Path> javaFiles(Path root) {
        try (Stream<Path> files = Files.walk(root)) {
            return files.filter(file -> file.toString().endsWith(".java")).sorted().toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static String read(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
