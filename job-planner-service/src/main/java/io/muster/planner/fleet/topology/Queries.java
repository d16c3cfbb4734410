package io.muster.planner.fleet.topology;

import io.muster.planner.fleet.DeviceJobRow;
import io.muster.planner.fleet.Refusals;
import io.muster.planner.json.Json;
import io.muster.query.device.Groups;
import io.muster.query.device.Query;
import io.muster.query.device.Selection;
import io.muster.query.device.Source;
import io.muster.query.device.Totals;
import io.muster.query.kernel.QueryException;
import io.muster.query.kernel.Row;
import io.muster.query.kernel.Values;
import io.muster.records.Device;
import io.muster.records.DeviceJob;
import io.muster.records.DeviceJobPage;
import io.muster.records.DevicePage;
import io.muster.records.DeviceView;
import io.muster.records.Expansion;
import io.muster.records.GroupPage;
import io.muster.records.PartialAggregate;
import io.muster.records.PartialGroup;
import io.muster.records.QueryFleet;
import io.muster.service.Requester;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Answers queries over the partition, in turns between polls. A query sees every change before it, and may see later ones. Those under way are lost
 * with the task: their requester asks again. For one task.
 */
final class Queries {
    private static final int UNDER_WAY = 1000;
    private static final int LARGEST_PAGE = 1001;
    private static final int MOST_GROUPS = 10_000;
    private static final int DEVICE_JOB_BYTES = 256;

    private final DeviceTable devices;
    private final DeviceJobTable deviceJobs;
    private final DeviceViews views;
    private final FleetOutbox outbox;
    private final Chores chores;
    private int underWay;

    Queries(DevicePartition partition) {
        this.devices = partition.devices();
        this.deviceJobs = partition.deviceJobs();
        this.views = partition.views();
        this.outbox = partition.outbox();
        this.chores = partition.chores();
    }

    void begin(Expansion expansion, QueryFleet request, Requester requester, Instant now) {
        if (underWay >= UNDER_WAY) {
            outbox.reply(requester, Refusals.tooManyQueries(UNDER_WAY), now);
            return;
        }
        try {
            Scan scan = new Scan(Query.parse(request.getQuery()), expansion, request, requester);
            underWay++;
            chores.begin(scan, now);
        } catch (QueryException e) {
            outbox.reply(requester, Refusals.invalid(String.valueOf(e.getMessage())), now);
        }
    }

    /** Takes one query through the partition. */
    private final class Scan implements Chore {
        private final Query query;
        private final Expansion expansion;
        private final Requester requester;
        private final int limit;
        private final int evaluation;
        private final List<DeviceView> foundDevices = new ArrayList<>();
        private final List<DeviceJob> foundJobs = new ArrayList<>();
        private final Map<List<Object>, List<Totals>> groups = new HashMap<>();
        private @Nullable String cursor;
        private int bytes;
        /** Says that there is a row more than the page holds. */
        private boolean full;

        private Scan(Query query, Expansion expansion, QueryFleet request, Requester requester) {
            this.query = query;
            this.expansion = expansion;
            this.requester = requester;
            this.limit = Math.clamp(request.getLimit(), 1, LARGEST_PAGE);
            this.evaluation = Budget.evaluation(request.getQuery());
            this.cursor = request.getAfter();
        }

        @Override
        public boolean goOn(Budget budget, Instant now) {
            boolean answered = visitRows(budget, now);
            underWay -= answered ? 1 : 0;
            return answered;
        }

        @Override
        public void failed(Instant now) {
            underWay--;
            outbox.reply(requester, Refusals.queryFailed(), now);
        }

        @Override
        public String toString() {
            return "query";
        }

        /** Visits rows for the budget, and answers behind the last. @return whether it has answered */
        private boolean visitRows(Budget budget, Instant now) {
            cursor = (query.source() == Source.DEVICE_JOBS
                            ? deviceJobs.candidates(query.condition(), cursor, budget, job -> visit(job, budget))
                            : devices.candidates(query.condition(), cursor, budget, device -> visit(device, budget)))
                    .orElse(null);
            if (groups.size() > MOST_GROUPS) {
                outbox.reply(
                        requester,
                        Refusals.invalid(
                                "The query makes more than " + MOST_GROUPS + " groups: narrow it, or group by less."),
                        now);
                return true;
            }
            if (cursor != null && !full) {
                return false;
            }
            outbox.reply(requester, answer(), now);
            return true;
        }

        private boolean visit(Device device, Budget budget) {
            budget.spend(evaluation);
            Row row = views.row(device);
            if (query.condition().matches(row) && take(row, DeviceViews.roughSize(device))) {
                foundDevices.add(views.of(device));
            }
            return takesMore();
        }

        private boolean visit(DeviceJob job, Budget budget) {
            budget.spend(evaluation);
            Row row = new DeviceJobRow(job);
            String payload = job.getMethodPayload();
            if (query.condition().matches(row)
                    && take(row, DEVICE_JOB_BYTES + (payload == null ? 0 : payload.length()))) {
                foundJobs.add(job);
            }
            return takesMore();
        }

        /** Returns whether the row belongs on the page; folds it into its group where the query groups. */
        private boolean take(Row row, int size) {
            if (query.selection() instanceof Selection.Grouped(Groups shape)) {
                groups.compute(shape.key(row), (_, totals) -> shape.fold(totals == null ? shape.none() : totals, row));
                return false;
            }
            int rows = foundDevices.size() + foundJobs.size();
            full = rows == limit || (rows > 0 && bytes + size > DeviceViews.PAGE_BYTES);
            bytes += size;
            return !full;
        }

        private boolean takesMore() {
            return !full && groups.size() <= MOST_GROUPS;
        }

        private Object answer() {
            int partition = expansion.getPartition();
            if (query.selection() instanceof Selection.Grouped) {
                List<PartialGroup> partial = new ArrayList<>(groups.size());
                groups.forEach((key, totals) -> partial.add(new PartialGroup(
                        key.stream().map(Scan::json).toList(),
                        totals.stream().map(Scan::partial).toList())));
                return new GroupPage(partition, partial);
            }
            return query.source() == Source.DEVICE_JOBS
                    ? new DeviceJobPage(partition, foundJobs, full)
                    : new DevicePage(partition, expansion.getPartitions(), foundDevices, full);
        }

        private static PartialAggregate partial(Totals totals) {
            return new PartialAggregate(
                    totals.count(), totals.numbers(), totals.sum(), json(totals.least()), json(totals.greatest()));
        }

        /** Returns a value as JSON; null where it is undefined. */
        private static @Nullable String json(Object value) {
            return value == Values.UNDEFINED ? null : value == Values.NULL ? "null" : Json.text(value);
        }
    }
}
