package io.muster.planner.order;

import io.muster.records.FiringOrder;
import io.muster.records.ReportScheduleCall;
import io.muster.records.ScheduleCommand;
import io.muster.service.Outbox;
import io.muster.service.Route;
import io.muster.topics.Topics;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/** Writes what became of firings' orders, in the transaction that carries them out or refuses them. For one task. */
public final class OrderReports {
    private final Outbox outbox;
    private final String sink;

    /** Makes one. @param processor whose sink is written through */
    public OrderReports(Outbox outbox, String processor) {
        this.outbox = outbox;
        this.sink = Outbox.sink(Topics.SCHEDULE_COMMANDS, processor);
    }

    /** Reports an order that was carried out. @param order null where no schedule is told */
    public void succeeded(@Nullable FiringOrder order, String message, Instant now) {
        report(order, true, message, now);
    }

    /** Reports an order that was refused. @param order null where no schedule is told */
    public void failed(@Nullable FiringOrder order, String message, Instant now) {
        report(order, false, message, now);
    }

    private void report(@Nullable FiringOrder order, boolean succeeded, String message, Instant now) {
        if (order == null) {
            return;
        }
        ReportScheduleCall report = new ReportScheduleCall(
                order.getRun(), order.getOfError(), order.getAttempt(), now, now, succeeded, message);
        outbox.send(
                sink,
                Topics.SCHEDULE_COMMANDS,
                Route.byKey(order.getScheduleId()),
                new ScheduleCommand(order.getScheduleId(), report),
                now);
    }
}
