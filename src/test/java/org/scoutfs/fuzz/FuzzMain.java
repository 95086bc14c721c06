package org.scoutfs.fuzz;

/** What Jazzer calls in the child: one target, named by a property. */
public final class FuzzMain {
    private static final FuzzTarget TARGET = load(System.getProperty("scoutfs.fuzz.target", ""));

    private FuzzMain() {}

    /** The name and shape that Jazzer wants. */
    public static void fuzzerTestOneInput(byte[] bytes) {
        TARGET.decode(bytes);
    }

    static FuzzTarget load(String className) {
        try {
            FuzzTarget target = (FuzzTarget) Class.forName(className).getConstructor().newInstance();
            target.start();
            return target;
        } catch (ReflectiveOperationException e) {
            throw new IllegalArgumentException("not a fuzz target: '" + className + "'", e);
        }
    }
}
