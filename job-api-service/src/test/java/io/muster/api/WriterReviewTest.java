package io.muster.api;

import static org.assertj.core.api.Assertions.assertThat;

import io.muster.access.SharedAccessPolicies;
import io.muster.api.job.Views;
import io.muster.api.schedule.WriterReview;
import io.muster.records.ApiToken;
import io.muster.records.CallEndpoint;
import io.muster.records.CreateFleetJob;
import io.muster.records.DeleteCatalogItem;
import io.muster.records.JobDefinition;
import io.muster.records.JobPolicy;
import io.muster.records.RunSiteJob;
import io.muster.records.SaveCatalogItem;
import io.muster.records.SaveSchedule;
import io.muster.records.Schedule;
import io.muster.records.ScheduleDefinition;
import io.muster.records.Timing;
import io.muster.records.TokenRole;
import io.muster.records.TwinPatch;
import io.muster.records.WithholdSchedule;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Instant;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Tests that schedules act under the rights that their writers have when they fire. */
class WriterReviewTest {
    private static final Instant NOW = Instant.parse("2026-11-21T02:25:15Z");

    private final Views views = Views.empty();
    private final RequestsDouble planner = new RequestsDouble(views);
    private final AtomicReference<SharedAccessPolicies> policies = new AtomicReference<>(rights("p", "Jobs"));
    private final AtomicReference<Instant> now = new AtomicReference<>(NOW);
    private final WriterReview review = review(planner);

    private WriterReview review(RequestsDouble requests) {
        return new WriterReview(policies::get, views.catalog(), views.schedules(), requests, now::get);
    }

    private static SharedAccessPolicies rights(String policy, String rights) {
        String key = Base64.getEncoder().encodeToString(new byte[32]);
        try {
            return SharedAccessPolicies.parse(policy + ".rights=" + rights + "\n" + policy + ".primaryKey=" + key + "\n"
                    + policy + ".secondaryKey=\n");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void save(String id, Object action, @Nullable String writer) {
        planner.schedule(
                        id,
                        new SaveSchedule(ScheduleDefinition.newBuilder()
                                .setTiming(new Timing("UTC", null, null, null, null))
                                .setAction(action)
                                .setWriter(writer)
                                .build()))
                .join();
    }

    @BeforeEach
    void schedules() {
        save("ours", new RunSiteJob("fleet", "purge", ""), "policy/p");
        save("persons", new RunSiteJob("fleet", "purge", ""), "person/ann");
        save("nobodys", new RunSiteJob("fleet", "purge", ""), null);
        save("outside", new CallEndpoint("GET", "https://example.com/", Map.of(), null, null), "policy/p");
        planner.commands.clear();
    }

    @AfterEach
    void stop() {
        review.close();
    }

    @Test
    void withholdsWhatAPolicyMayNoLongerDoAndTellsThePlannerOnce() {
        review.review();
        assertThat(planner.commands).isEmpty();
        policies.set(rights("p", "ServiceConnect,Streams"));
        review.review();
        review.review();
        assertThat(planner.commands)
                .containsExactly(new WithholdSchedule(
                        "policy/p",
                        "The policy p, which wrote the schedule, has no longer one of the rights [Compute, Jobs]."));
    }

    /** Requests of all callers share their places: a planner that is away is not asked for each schedule. */
    @Test
    void asksNoMoreOfAPlannerThatDoesNotAnswer() {
        for (int i = 0; i < 300; i++) {
            save("more" + i, new RunSiteJob("fleet", "purge", ""), "policy/p");
        }
        AtomicInteger calls = new AtomicInteger();
        RequestsDouble away = new RequestsDouble(views) {
            @Override
            public CompletableFuture<Schedule> schedule(String id, Object command) {
                calls.incrementAndGet();
                return CompletableFuture.failedFuture(new IllegalStateException("no answer"));
            }
        };
        policies.set(rights("q", "Jobs"));
        try (WriterReview reviewing = review(away)) {
            reviewing.review();
            assertThat(calls).hasValue(1);
            reviewing.review();
            assertThat(calls).hasValue(2);
        }
    }

    @Test
    void withholdsWhatAPolicyWroteThatIsGoneAndLetsItActAgain() {
        policies.set(rights("q", "Jobs"));
        review.review();
        policies.set(rights("p", "Compute"));
        review.review();
        assertThat(planner.commands)
                .isEqualTo(List.of(
                        new WithholdSchedule(
                                "policy/p",
                                "The policy p, which wrote the schedule, is there no more. It takes one of [Compute, Jobs]."),
                        new WithholdSchedule("policy/p", null)));
    }

    @Test
    void withholdsAJobThatMakesComputeNodesFromWhoMayMakeJobsAlone() {
        save("nodes", new CreateFleetJob(job("{\"compute\":{\"pool\":\"p\"}}")), "policy/q");
        save("twins", new CreateFleetJob(job("{\"a\":\"compute\"}")), "policy/q");
        planner.commands.clear();
        policies.set(rights("q", "RegistryWrite"));
        review.review();
        assertThat(planner.commands).noneMatch(command -> command.toString().contains("policy/q"));
        policies.set(rights("q", "ServiceConnect"));
        planner.commands.clear();
        review.review();
        assertThat(planner.commands)
                .containsExactly(
                        new WithholdSchedule(
                                "policy/q",
                                "The policy q, which wrote the schedule, has no longer one of the rights [Compute, RegistryWrite]."));
    }

    private void token(String id, TokenRole role, @Nullable String organization) {
        planner.catalog(
                        "apiTokens/" + id,
                        SaveCatalogItem.newBuilder()
                                .setContent(new ApiToken(role, "0".repeat(64), NOW.plusSeconds(60)))
                                .setOrganization(organization)
                                .setSource("{}")
                                .build())
                .join();
        planner.commands.clear();
    }

    private void revoke(String id) {
        planner.deleteCatalogItem("apiTokens/" + id, new DeleteCatalogItem(null))
                .join();
        planner.commands.clear();
    }

    private @Nullable String withheld(String id) {
        review.review();
        return views.schedules().get(id).orElseThrow().getWithheld();
    }

    @Test
    void withholdsWhatATokenWroteThatWasRevokedOrNarrowed() {
        token("t", TokenRole.OPERATE, "lyon");
        JobDefinition ofLyon = JobDefinition.newBuilder(job("{}"))
                .setPolicy(JobPolicy.newBuilder().setOrganization("lyon").build())
                .build();
        save("nightly", new CreateFleetJob(ofLyon), "token/t");
        String subject = "The API token t, which wrote the schedule, ";
        assertThat(withheld("nightly")).isNull();
        revoke("t");
        assertThat(withheld("nightly")).isEqualTo(subject + "was revoked.");
        token("t", TokenRole.READ, "lyon");
        assertThat(withheld("nightly")).isEqualTo(subject + "may only read now.");
        revoke("t");
        token("t", TokenRole.OPERATE, "paris");
        assertThat(withheld("nightly")).isEqualTo(subject + "is bound to the organization paris now.");
        revoke("t");
        token("t", TokenRole.ADMINISTER, null);
        assertThat(withheld("nightly")).isNull();
        now.set(NOW.plusSeconds(60));
        assertThat(withheld("nightly")).isEqualTo(subject + "has expired.");
    }

    private static JobDefinition job(String tags) {
        return JobDefinition.newBuilder()
                .setJobId("nightly")
                .setOperation(new TwinPatch(null, tags, null))
                .setQueryCondition("*")
                .build();
    }
}
