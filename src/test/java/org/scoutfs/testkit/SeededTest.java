package org.scoutfs.testkit;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.junit.jupiter.api.TestTemplate;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * A test that one number decides: the method takes a {@code long seed} as its first parameter and is run once per seed.
 *
 * <p>The normal profile runs the same seeds each time, so that a red build is red for everybody; the long profile draws new
 * ones. A failure prints the line that repeats it: {@code -Dscoutfs.seed=N} runs every seeded test with that one seed.
 */
@Target(ElementType.METHOD)
@Retention(RetentionPolicy.RUNTIME)
@Documented
@TestTemplate
@ExtendWith(SeededTestExtension.class)
public @interface SeededTest {
    /** How many seeds the normal profile takes. */
    int runs() default 10;

    /** How many seeds the long profile takes; 0 for twenty times {@link #runs}. */
    int longRuns() default 0;
}
