package org.scoutfs.systemtest;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.DynamicContainer;
import org.junit.jupiter.api.DynamicNode;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.Timeout;

/**
 * The cases of {@code src/test/c/posix} by real system calls on a real mount, on each transport. One case is one test; the volume is
 * checked, and found the same after a remount, at the end.
 */
class PosixIT {
    @TestFactory
    @Timeout(600)
    List<DynamicNode> cases() {
        List<DynamicNode> all = new ArrayList<>();
        for (Transport transport : Transport.available()) {
            List<DynamicNode> cases = new ArrayList<>();
            try (Target target = Target.create("posix-" + transport, 2L << 30, transport)) {
                target.mount();
                cases.addAll(runCases(target));
                cases.add(afterwards(target));
            }
            all.add(DynamicContainer.dynamicContainer(transport.toString(), cases));
        }
        return all;
    }

    private List<DynamicNode> runCases(Target target) {
        List<Object> words = new ArrayList<>(List.of(SystemTests.program("posix"), target.kind(), target.root()));
        String only = System.getProperty("scoutfs.case");
        if (only != null) {
            words.addAll(List.of(only.split(",")));
        }
        String output = Command.of(words.toArray()).within(Duration.ofMinutes(8)).run().output();
        List<DynamicNode> cases = new ArrayList<>();
        for (String line : output.lines().toList()) {
            String[] parts = line.startsWith("not ok") ? line.substring(4).split(" ", 3) : line.split(" ", 3);
            cases.add(DynamicTest.dynamicTest(parts[1], () -> {
                assertThat(line).doesNotStartWith("not ok");
                assertThat(line).matches("(ok|skip) .*");
            }));
        }
        cases.add(DynamicTest.dynamicTest("allCasesRan", () -> assertThat(cases.size()).isGreaterThan(only == null ? 80 : 0)));
        return cases;
    }

    /** The tree that the cases left must be there after a remount, and the volume clean. */
    private DynamicTest afterwards(Target target) {
        try {
            List<String> before = TreeListing.of(target.root());
            target.unmount();
            target.check();
            target.mount();
            List<String> after = TreeListing.of(target.root());
            target.unmount();
            return DynamicTest.dynamicTest("sameTreeAfterRemount", () -> TreeListing.assertSame(before, after));
        } catch (AssertionError e) {
            return DynamicTest.dynamicTest("sameTreeAfterRemount", () -> {
                throw e;
            });
        }
    }
}
