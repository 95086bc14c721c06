package org.scoutfs.testkit;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * The trees that a run went through, change by change, and which of them were promised durable when. Moments are numbers that only
 * rise, such as {@link CrashHistory#now}.
 */
public final class TreeHistory {
    /** The tree after a change that began at this moment. */
    private record State(int begin, int tree) {}

    private record Promise(int moment, int state) {}

    // Each tree is kept once.
    private final List<Map<String, String>> trees = new ArrayList<>();
    private final Map<Map<String, String>, Integer> numbers = new HashMap<>();
    private final List<State> states = new ArrayList<>();
    private final List<Promise> promises = new ArrayList<>();

    /** A change that began at {@code begin} is done, and this is the tree now. */
    public void changed(int begin, Map<String, String> tree) {
        int number = numbers.computeIfAbsent(tree, one -> {
            trees.add(one);
            return trees.size() - 1;
        });
        states.add(new State(begin, number));
    }

    /** How many changes there were. */
    public int size() {
        return states.size();
    }

    public int promises() {
        return promises.size();
    }

    /** From this moment on, the change that was {@code state}-th, counted from 0, and all before it are durable. */
    public void promised(int moment, int state) {
        promises.add(new Promise(moment, state));
    }

    /**
     * Which state a tree is that was found after a crash at this moment. Fails where it is none of those that it may be: from the
     * last promised one to the last one that had begun.
     */
    public int find(Map<String, String> tree, int moment) {
        int promised = 0;
        for (Promise promise : promises) {
            if (promise.moment <= moment) {
                promised = promise.state;
            }
        }
        int last = promised;
        Integer number = numbers.get(tree);
        for (int index = promised; index < states.size() && states.get(index).begin <= moment; index++) {
            if (number != null && states.get(index).tree == number) {
                return index;
            }
            last = index;
        }
        throw new AssertionError("the tree is as after no change from " + promised + " (promised) to " + last
                + " (begun); " + (number == null ? "it never was so" : "it was so at another time")
                + ". Against the promised one:" + FsTree.difference(trees.get(states.get(promised).tree), tree)
                + "\nAgainst the last one:" + FsTree.difference(trees.get(states.get(last).tree), tree));
    }
}
