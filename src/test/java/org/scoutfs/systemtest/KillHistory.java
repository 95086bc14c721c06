package org.scoutfs.systemtest;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;

/**
 * What one client of {@code killwriter} did, and the trees that its directory may be after a crash: the one after some
 * operation, not before the last that was promised durable, and not after the last that was begun.
 */
final class KillHistory {
    private record Operation(long number, String what, String name, List<String> rest) {}

    private final List<Operation> begun = new ArrayList<>();
    private long promised;
    private long done;

    /** @param lines what the client printed; a last line without its end is left out */
    KillHistory(List<String> lines) {
        for (String line : lines) {
            String[] words = line.split(" ");
            if (words[0].equals("B")) {
                begun.add(new Operation(
                        Long.parseLong(words[1]), words[2], words[3], List.of(words).subList(4, words.length)));
            } else if (words[0].equals("D")) {
                done = Long.parseLong(words[1]);
            } else if (words[0].equals("S")) {
                promised = Long.parseLong(words[1]);
            }
        }
    }

    long promised() {
        return promised;
    }

    /** The last operation that came back, durable or not. */
    long done() {
        return done;
    }

    int operations() {
        return begun.size();
    }

    /** @return how many operations the directory is after. Fails where it is after no allowed number of them. */
    long findIn(Path directory) {
        return findIn(directory, promised);
    }

    /** The same, with not even that much lost: not before {@code least}. */
    long findIn(Path directory, long least) {
        Map<String, String> actual = read(directory);
        Map<String, String> model = new TreeMap<>();
        if (least == 0 && model.equals(actual)) {
            return 0;
        }
        Map<String, String> atPromise = Map.of();
        Map<String, String> nearest = Map.of();
        for (Operation operation : begun) {
            if (operation.number >= least) {
                // The steps inside an operation show too: the new content under its temporary name.
                if (operation.number > least && operation.what.equals("put")) {
                    for (String partly : List.of(summary(0, ""), content(operation))) {
                        Map<String, String> between = new TreeMap<>(model);
                        between.put("tmp" + operation.number, partly);
                        if (between.equals(actual)) {
                            return operation.number;
                        }
                    }
                }
            }
            apply(operation, model);
            if (operation.number == least) {
                atPromise = new TreeMap<>(model);
            }
            if (operation.number >= least && model.equals(actual)) {
                return operation.number;
            }
            nearest = model;
        }
        throw new AssertionError("after the crash the directory is after no operation from " + least + " (" + promised + " is promised) to "
                + begun.size() + " (begun)\n  found:    " + actual + "\n  at least: " + atPromise + "\n  last:     " + nearest);
    }

    private static void apply(Operation operation, Map<String, String> model) {
        String old = model.get(operation.name);
        switch (operation.what) {
            case "put" -> model.put(operation.name, content(operation));
            case "remove" -> model.remove(operation.name);
            case "rename" -> {
                if (old != null) {
                    model.remove(operation.name);
                    model.put(operation.rest.getFirst(), old);
                }
            }
            case "append" -> {
                if (old != null) {
                    model.put(operation.name, summary(bytesOf(old) + 1, old.substring(old.indexOf(' ') + 1) + "+"));
                }
            }
            default -> throw new AssertionError(operation);
        }
    }

    private static long bytesOf(String summary) {
        return Long.parseLong(summary.substring(0, summary.indexOf(' ')));
    }

    private static String content(Operation operation) {
        long size = Long.parseLong(operation.rest.get(0));
        return summary(size, size == 0 ? "" : Character.toString(Integer.parseInt(operation.rest.get(1))));
    }

    /** Size, then the runs of equal bytes: short to print and exact, since files are one fill and some plus signs. */
    private static String summary(long size, String runs) {
        return size + " " + runs;
    }

    private static Map<String, String> read(Path directory) {
        Map<String, String> tree = new TreeMap<>();
        if (!Files.exists(directory)) {
            return tree;
        }
        try (Stream<Path> files = Files.list(directory)) {
            for (Path file : files.toList()) {
                byte[] bytes = Files.readAllBytes(file);
                int fills = 0;
                while (fills < bytes.length && bytes[fills] == bytes[0] && bytes[0] != '+') {
                    fills++;
                }
                StringBuilder runs = new StringBuilder(fills == 0 ? "" : Character.toString(bytes[0] & 0xff));
                for (int i = fills; i < bytes.length; i++) {
                    runs.append((char) (bytes[i] & 0xff));
                    if (runs.length() > 200) {
                        runs.append("...");
                        break;
                    }
                }
                tree.put(file.getFileName().toString(), summary(bytes.length, runs.toString()));
            }
        } catch (IOException e) {
            throw new AssertionError("reading " + directory + " after the crash", e);
        }
        return tree;
    }
}
