package org.scoutfs.testkit;

import java.lang.reflect.AnnotatedType;
import java.lang.reflect.Constructor;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.RecordComponent;
import java.lang.reflect.Type;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.scoutfs.base.Rng;
import org.scoutfs.device.DeviceExtent;
import org.scoutfs.lsm.MergeSpec;
import org.scoutfs.lsm.SegmentInfo;
import org.scoutfs.lsm.Version;
import org.scoutfs.lsm.VersionEdit;
import org.scoutfs.net.Message;

/**
 * Messages of every kind with values by chance, found by looking at the records: so a message that is added is drawn without a word
 * here, as long as its fields are of known types.
 */
public final class RandomMessages {
    private static final int ELEMENTS_MAX = 4;

    private final Rng rng;

    public RandomMessages(Rng rng) {
        this.rng = rng;
    }

    public static List<Class<? extends Message>> kinds() {
        List<Class<? extends Message>> kinds = new ArrayList<>();
        for (Class<?> kind : Message.class.getPermittedSubclasses()) {
            kinds.add(kind.asSubclass(Message.class));
        }
        return kinds;
    }

    public Message next() {
        List<Class<? extends Message>> kinds = kinds();
        return next(kinds.get(rng.nextInt(kinds.size())));
    }

    public <M extends Message> M next(Class<M> kind) {
        return kind.cast(record(kind));
    }

    private Object record(Class<?> type) {
        RecordComponent[] parts = type.getRecordComponents();
        Class<?>[] types = new Class<?>[parts.length];
        Object[] values = new Object[parts.length];
        for (int i = 0; i < parts.length; i++) {
            types[i] = parts[i].getType();
            boolean mayBeNull = isNullable(parts[i].getAnnotatedType());
            values[i] = mayBeNull && rng.nextInt(3) == 0 ? null : value(parts[i].getGenericType(), parts[i].getName());
        }
        try {
            Constructor<?> constructor = type.getDeclaredConstructor(types);
            constructor.setAccessible(true);
            return constructor.newInstance(values);
        } catch (ReflectiveOperationException e) {
            throw new AssertionError("cannot make a " + type + " of " + Arrays.toString(values), e);
        }
    }

    private static boolean isNullable(AnnotatedType type) {
        return type.isAnnotationPresent(Nullable.class);
    }

    private Object value(Type type, String name) {
        if (type instanceof ParameterizedType list && list.getRawType().equals(List.class)) {
            List<Object> elements = new ArrayList<>();
            int count = rng.nextInt(ELEMENTS_MAX + 1);
            for (int i = 0; i < count; i++) {
                elements.add(value(list.getActualTypeArguments()[0], name));
            }
            return elements;
        }
        Class<?> plain = (Class<?>) type;
        if (plain == long.class || plain == Long.class) {
            return number(name);
        }
        if (plain == int.class) {
            return rng.nextInt(1 << 20);
        }
        if (plain == boolean.class) {
            return rng.nextInt(2) == 1;
        }
        if (plain == String.class) {
            return rng.nextInt(4) == 0 ? "" : "r\u00e9ason \ud83d\ude00 " + rng.nextInt(1000);
        }
        if (plain.isEnum()) {
            Object[] constants = plain.getEnumConstants();
            return constants[rng.nextInt(constants.length)];
        }
        if (plain == DeviceExtent.class) {
            return new DeviceExtent(rng.nextLong() >>> 2, 1 + (rng.nextLong() >>> 2));
        }
        if (plain == SegmentInfo.class) {
            return segment();
        }
        if (plain == VersionEdit.Added.class) {
            return new VersionEdit.Added(rng.nextInt(Version.LEVEL_COUNT), segment());
        }
        if (plain == MergeSpec.class) {
            return mergeSpec();
        }
        if (plain == Message.FileLockRange.class) {
            long start = rng.nextLong() >>> 2;
            return new Message.FileLockRange(rng.nextLong(), rng.nextInt(2) == 1, rng.nextLong(), start,
                    rng.nextInt(2) == 0 ? Long.MAX_VALUE : start + rng.nextInt(10), rng.nextInt(2) == 1, rng.nextInt(1 << 20));
        }
        if (plain.isRecord()) {
            return record(plain);
        }
        throw new AssertionError("values of " + type + " are not drawn yet: say here how");
    }

    /** Counts are not negative; identities are anything. */
    private long number(String name) {
        long any = rng.nextInt(4) == 0 ? rng.nextInt(3) : rng.nextLong();
        return name.endsWith("Count") || name.endsWith("Blocks") ? any >>> 2 : any;
    }

    private SegmentInfo segment() {
        byte[] one = key();
        byte[] other = key();
        boolean inOrder = Arrays.compareUnsigned(one, other) <= 0;
        long items = 1 + rng.nextInt(1 << 20);
        return new SegmentInfo(rng.nextLong(), rng.nextLong() >>> 2, 1 + rng.nextInt(1 << 14), items,
                rng.nextInt((int) items + 1), inOrder ? one : other, inOrder ? other : one);
    }

    private byte[] key() {
        byte[] key = new byte[rng.nextInt(8) == 0 ? rng.nextInt(256) : 27];
        for (int i = 0; i < key.length; i++) {
            key[i] = (byte) rng.nextLong();
        }
        return key;
    }

    private MergeSpec mergeSpec() {
        int upperLevel = rng.nextInt(Version.LEVEL_COUNT - 1);
        int targetLevel = upperLevel == 0 && rng.nextInt(2) == 0 ? 0 : upperLevel + 1;
        List<SegmentInfo> upper = new ArrayList<>(List.of(segment()));
        List<SegmentInfo> lower = new ArrayList<>();
        for (int i = rng.nextInt(3); i > 0; i--) {
            upper.add(segment());
            lower.add(segment());
        }
        return new MergeSpec(rng.nextLong(), upperLevel, targetLevel, upper, lower, rng.nextInt(2) == 0);
    }
}
