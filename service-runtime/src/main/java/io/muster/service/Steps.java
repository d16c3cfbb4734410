package io.muster.service;

import java.time.Duration;
import org.apache.kafka.streams.processor.PunctuationType;
import org.apache.kafka.streams.processor.api.ProcessorContext;

/**
 * Commits a task's work in steps. What comes after {@value #MOST_LOOKS} looks of rest is committed at once; what follows it closely at
 * the next look without work, or after {@value #MOST_LOOKS} looks if there is none. So a lone record waits for nothing, and a flood
 * shares its commits, whose cost is by the step and not by the record. For one task.
 */
public final class Steps {
    private static final Duration LOOK = Duration.ofMillis(5);
    private static final int MOST_LOOKS = 10;

    private final ProcessorContext<?, ?> context;
    private final Runnable atEnd;
    private boolean open = true;
    private int looksOpen;
    private boolean workedSinceLook;
    private int looksAtRest;

    private Steps(ProcessorContext<?, ?> context, Runnable atEnd) {
        this.context = context;
        this.atEnd = atEnd;
    }

    /** Steps of a processor, from its {@code init}. */
    public static Steps of(ProcessorContext<?, ?> context) {
        return of(context, () -> {});
    }

    /** @param atEnd runs before each step is committed, and may forward; the first step begins with the processor */
    public static Steps of(ProcessorContext<?, ?> context, Runnable atEnd) {
        Steps steps = new Steps(context, atEnd);
        context.schedule(LOOK, PunctuationType.WALL_CLOCK_TIME, _ -> steps.look());
        return steps;
    }

    /** To be called behind each record, and by each timer that did something. */
    public void worked() {
        workedSinceLook = true;
        if (looksAtRest >= MOST_LOOKS) {
            end();
        } else {
            open = true;
        }
        looksAtRest = 0;
    }

    private void look() {
        if (open && (!workedSinceLook || ++looksOpen >= MOST_LOOKS)) {
            end();
        }
        looksAtRest = workedSinceLook ? 0 : looksAtRest + 1;
        workedSinceLook = false;
    }

    private void end() {
        atEnd.run();
        context.commit();
        open = false;
        looksOpen = 0;
    }
}
