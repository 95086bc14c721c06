package org.scoutfs.tidy;

import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.Dependency;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** Holds the imports of the production code against the table of layers in {@code ARCHITECTURE.md}. */
class LayeringTest {
    private static final String ROOT = "org.scoutfs.";
    private static final Pattern ROW = Pattern.compile("\\| `(\\w+)` \\|[^|]*\\|([^|]*)\\|");
    private static final Pattern NAME = Pattern.compile("\\w+");

    private final Map<String, Set<String>> mayUse = table();
    private final JavaClasses production = new ClassFileImporter()
            .importPath("target/classes");

    @Test
    void noArrowThatIsNotInTheTable() {
        Set<String> wrong = new TreeSet<>();
        int arrows = 0;
        for (JavaClass user : production) {
            for (Dependency dependency : user.getDirectDependenciesFromSelf()) {
                String from = layer(user);
                String to = layer(dependency.getTargetClass());
                if (from.isEmpty() || to.isEmpty() || from.equals(to)) {
                    continue;
                }
                arrows++;
                if (!mayUse.getOrDefault(from, Set.of()).contains(to)) {
                    wrong.add(from + " -> " + to + ": " + user.getSimpleName() + " uses "
                            + dependency.getTargetClass().getSimpleName());
                }
            }
        }
        assertThat(arrows).as("the test tested nothing").isGreaterThan(20);
        assertThat(wrong).as("arrows that ARCHITECTURE.md does not have").isEmpty();
    }

    @Test
    void everyPackageHasARow() {
        Set<String> found = new TreeSet<>();
        for (JavaClass one : production) {
            found.add(layer(one));
        }
        found.remove("");
        assertThat(mayUse.keySet()).containsAll(found);
    }

    @Test
    void theTableOnlyPointsDown() {
        List<String> order = new ArrayList<>(mayUse.keySet());
        mayUse.forEach((from, targets) -> {
            for (String to : targets) {
                assertThat(order.indexOf(to)).as(from + " -> " + to).isGreaterThan(order.indexOf(from));
            }
        });
    }

    @Test
    void onlySysCallsTheLinker() {
        Set<String> users = new TreeSet<>();
        for (JavaClass one : production) {
            for (Dependency dependency : one.getDirectDependenciesFromSelf()) {
                if (dependency.getTargetClass().getName().equals("java.lang.foreign.Linker")) {
                    users.add(layer(one));
                }
            }
        }
        assertThat(users).isSubsetOf("sys");
    }

    /** So no command, and no lone mount, loads it. */
    @Test
    void onlyQuorumUsesRatis() {
        Set<String> users = new TreeSet<>();
        for (JavaClass one : production) {
            for (Dependency dependency : one.getDirectDependenciesFromSelf()) {
                if (dependency.getTargetClass().getName().startsWith("org.apache.ratis.")) {
                    users.add(layer(one));
                }
            }
        }
        assertThat(users).containsExactly("quorum");
    }

    private static String layer(JavaClass one) {
        String name = one.getPackageName() + ".";
        return name.startsWith(ROOT) && name.length() > ROOT.length()
                ? name.substring(ROOT.length(), name.indexOf('.', ROOT.length()))
                : "";
    }

    /** Rows in the document's order, highest first. */
    private static Map<String, Set<String>> table() {
        List<String> lines;
        try {
            lines = Files.readAllLines(Path.of("ARCHITECTURE.md"));
        } catch (IOException e) {
            throw new AssertionError("run from the project's root", e);
        }
        Map<String, String> rows = new LinkedHashMap<>();
        for (String line : lines) {
            Matcher row = ROW.matcher(line.strip());
            if (row.matches()) {
                rows.put(row.group(1), row.group(2));
            }
        }
        assertThat(rows).containsKeys("cli", "fs", "lsm", "base");
        List<String> order = new ArrayList<>(rows.keySet());
        Map<String, Set<String>> table = new LinkedHashMap<>();
        rows.forEach((name, cell) -> {
            Set<String> targets = new TreeSet<>();
            if (cell.contains("all below")) {
                targets.addAll(order.subList(order.indexOf(name) + 1, order.size()));
            }
            NAME.matcher(cell).results().map(result -> result.group()).filter(rows::containsKey).forEach(targets::add);
            if (!name.equals("base")) {
                targets.add("base");
            }
            table.put(name, targets);
        });
        return table;
    }
}
