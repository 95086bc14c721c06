package org.scoutfs.testkit;

import java.lang.reflect.Method;
import java.util.List;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.extension.Extension;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.ParameterContext;
import org.junit.jupiter.api.extension.ParameterResolver;
import org.junit.jupiter.api.extension.TestExecutionExceptionHandler;
import org.junit.jupiter.api.extension.TestTemplateInvocationContext;
import org.junit.jupiter.api.extension.TestTemplateInvocationContextProvider;
import org.scoutfs.base.Rng;

/** Runs a {@link SeededTest} once per seed, hands the seed in, and says how to repeat a failure. */
final class SeededTestExtension implements TestTemplateInvocationContextProvider {
    @Override
    public boolean supportsTestTemplate(ExtensionContext context) {
        return context.getTestMethod()
                .filter(method -> method.isAnnotationPresent(SeededTest.class))
                .isPresent();
    }

    @Override
    public Stream<TestTemplateInvocationContext> provideTestTemplateInvocationContexts(ExtensionContext context) {
        Method method = context.getRequiredTestMethod();
        return seeds(method).mapToObj(seed -> new OneSeed(method, seed));
    }

    private static LongStream seeds(Method method) {
        Long only = Long.getLong("scoutfs.seed");
        if (only != null) {
            return LongStream.of(only);
        }
        SeededTest settings = method.getAnnotation(SeededTest.class);
        if (!Profile.isLong()) {
            return LongStream.rangeClosed(1, settings.runs());
        }
        int runs = Profile.scaled(settings.runs(), settings.longRuns() > 0 ? settings.longRuns() : 20 * settings.runs());
        System.out.printf("[seeds] %s#%s: %d seeds from -Dscoutfs.nightSeed=%d%n",
                method.getDeclaringClass().getSimpleName(), method.getName(), runs, Profile.nightSeed());
        Rng rng = Rng.seeded(Profile.nightSeed() ^ method.getName().hashCode());
        // Small numbers are easier to pass on; 2^40 of them do not repeat in a night.
        return LongStream.generate(() -> rng.nextLong() >>> 24).limit(runs);
    }

    private record OneSeed(Method method, long seed) implements TestTemplateInvocationContext {
        @Override
        public String getDisplayName(int invocationIndex) {
            return "seed " + seed;
        }

        @Override
        public List<Extension> getAdditionalExtensions() {
            return List.of(new SeedParameter(seed), new FailureLine(method, seed));
        }
    }

    private record SeedParameter(long seed) implements ParameterResolver {
        @Override
        public boolean supportsParameter(ParameterContext parameter, ExtensionContext context) {
            return parameter.getIndex() == 0 && parameter.getParameter().getType() == long.class;
        }

        @Override
        public Object resolveParameter(ParameterContext parameter, ExtensionContext context) {
            return seed;
        }
    }

    private record FailureLine(Method method, long seed) implements TestExecutionExceptionHandler {
        @Override
        public void handleTestExecutionException(ExtensionContext context, Throwable failure) throws Throwable {
            String name = method.getDeclaringClass().getSimpleName() + "#" + method.getName();
            System.err.printf("seed %d failed %s; again: ./mvnw verify -Dtest='%s' -Dit.test='%s' "
                    + "-Dsurefire.failIfNoSpecifiedTests=false -Dscoutfs.seed=%d%n", seed, name, name, name, seed);
            throw failure;
        }
    }
}
