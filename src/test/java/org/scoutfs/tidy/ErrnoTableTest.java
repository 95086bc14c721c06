package org.scoutfs.tidy;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/**
 * {@code errnos.txt} gives each errno of each call one case or one reason. A case that it names must be there, and must expect that
 * errno; {@code PosixIT} runs the cases.
 */
class ErrnoTableTest {
    private static final Pattern CASE = Pattern.compile("^CASE(?:_SECONDS)?\\((\\w+)");

    private record Row(String call, String errno, String how) {}

    @Test
    void eachRowHasACaseOrAReason() throws IOException {
        Map<String, String> cases = cases();
        Set<String> tests = testClasses();
        List<String> wrong = new ArrayList<>();
        Set<String> seen = new HashSet<>();
        List<Row> rows = rows();
        for (Row row : rows) {
            if (!seen.add(row.call + " " + row.errno)) {
                wrong.add(row + " is there twice");
            }
            String name = row.how.substring(1);
            switch (row.how.charAt(0)) {
                case '?' -> {
                    if (name.length() < 5) {
                        wrong.add(row + " has no reason");
                    }
                }
                case '!' -> {
                    if (!tests.contains(name.split("\\.")[0])) {
                        wrong.add(row + " names no test");
                    }
                }
                default -> {
                    String body = cases.get(row.how);
                    if (body == null) {
                        wrong.add(row + " names no case");
                    } else if (!expects(body, row.errno)) {
                        wrong.add(row + ": the case does not expect " + row.errno);
                    }
                }
            }
        }
        assertThat(rows.size()).isGreaterThan(250);
        assertThat(wrong).isEmpty();
    }

    private static boolean expects(String body, String errno) {
        String alias = errno.equals("ENOTSUP") ? "EOPNOTSUPP" : errno;
        // Waiters that are killed do not live to see their EINTR.
        return errno.equals("EINTR") || body.contains("FAILS(" + alias) || body.contains("errno == " + alias)
                || body.contains("EQ(errno, " + alias);
    }

    private static List<Row> rows() throws IOException {
        List<Row> rows = new ArrayList<>();
        for (String line : Files.readAllLines(Path.of("src/test/resources/errnos.txt"))) {
            if (!line.isBlank() && !line.startsWith("#")) {
                String[] cells = line.split(" \\| ", 3);
                rows.add(new Row(cells[0], cells[1], cells[2].strip()));
            }
        }
        return rows;
    }

    private static Map<String, String> cases() throws IOException {
        Map<String, String> cases = new HashMap<>();
        try (Stream<Path> files = Files.list(Path.of("src/test/c/posix"))) {
            for (Path file : files.toList()) {
                String name = null;
                StringBuilder body = new StringBuilder();
                for (String line : Files.readAllLines(file)) {
                    Matcher start = CASE.matcher(line);
                    if (start.find()) {
                        name = start.group(1);
                        body.setLength(0);
                    }
                    body.append(line).append('\n');
                    if (name != null && line.equals("}")) {
                        cases.put(name, body.toString());
                        name = null;
                    }
                }
            }
        }
        return cases;
    }

    private static Set<String> testClasses() throws IOException {
        Set<String> names = new HashSet<>();
        try (Stream<Path> files = Files.walk(Path.of("src/test/java"))) {
            files.map(file -> file.getFileName().toString())
                    .filter(name -> name.endsWith(".java"))
                    .forEach(name -> names.add(name.substring(0, name.length() - 5)));
        }
        return names;
    }
}
