package io.muster.gateway.channel.tasks;

import static org.assertj.core.api.Assertions.assertThat;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.muster.document.IdentityId;
import io.muster.gateway.channel.ChannelMeters;
import io.muster.gateway.channel.ConnectionDouble;
import io.muster.gateway.channel.Filter;
import io.muster.gateway.channel.FleetLog;
import io.muster.gateway.channel.Handovers;
import io.muster.gateway.channel.Publish;
import io.muster.gateway.channel.Receipt;
import io.muster.records.AcknowledgeExit;
import io.muster.records.Capability;
import io.muster.records.ExitCause;
import io.muster.records.GrantLease;
import io.muster.records.JoinPool;
import io.muster.records.KillAttempt;
import io.muster.records.LeavePool;
import io.muster.records.NodeOrders;
import io.muster.records.NodeReported;
import io.muster.records.NodeValue;
import io.muster.records.OutputStream;
import io.muster.records.ProceedAttempt;
import io.muster.records.ProgramCoordinated;
import io.muster.records.ProgramExited;
import io.muster.records.ProgramStarted;
import io.muster.records.StartAttempt;
import io.muster.records.StartUndelivered;
import io.muster.records.StopAttempt;
import io.muster.records.TaskAttempt;
import io.muster.records.TaskFile;
import io.muster.records.TaskOutput;
import io.muster.records.TaskProgram;
import io.muster.records.TaskToken;
import io.muster.records.WebFile;
import io.netty.buffer.Unpooled;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class TaskChannelTest {
    private static final Instant NOW = Instant.parse("2026-11-29T20:00:00Z");
    private static final TaskToken TOKEN = new TaskToken("t/1", 7L);

    private final FleetLog fleet = new FleetLog();
    private final TaskChannel channel = new TaskChannel(fleet, new ChannelMeters(new SimpleMeterRegistry()), () -> NOW);
    private final ConnectionDouble connection = new ConnectionDouble("node-1");

    private static StartAttempt start() {
        TaskProgram program = TaskProgram.newBuilder()
                .setCommand(List.of("bash", "run.sh", "a b"))
                .setEnvironment(Map.of("A", "\"1\""))
                .setNodeEnvironment(Map.of("WEBJOBS_PORT", NodeValue.PORT))
                .setFiles(List.of(new TaskFile("ab", 12L, "", true)))
                .setWebFiles(List.of(new WebFile("https://files.example/a", "in/a", "0755")))
                .setDataDirectory("site.job")
                .setIdleSeconds(120)
                .setOutputBytes(10L)
                .build();
        return new StartAttempt(TOKEN, new TaskAttempt(1, 0, 2), program, 3);
    }

    static Stream<Arguments> orders() {
        String token = "\"token\":{\"taskId\":\"t/1\",\"placement\":7}}";
        return Stream.of(
                Arguments.of(new JoinPool(15), "{\"type\":\"join\",\"leaseSeconds\":15}"),
                Arguments.of(new LeavePool(), "{\"type\":\"leave\"}"),
                Arguments.of(new GrantLease(3L), "{\"type\":\"lease\",\"number\":3}"),
                Arguments.of(new StopAttempt(TOKEN), "{\"type\":\"stop\"," + token),
                Arguments.of(new ProceedAttempt(TOKEN), "{\"type\":\"proceed\"," + token),
                Arguments.of(new KillAttempt(TOKEN), "{\"type\":\"kill\"," + token),
                Arguments.of(
                        new AcknowledgeExit(TOKEN, true),
                        "{\"type\":\"acknowledge\"," + token.replace("}}", "},\"again\":true}")),
                Arguments.of(
                        start(),
                        "{\"type\":\"start\",\"token\":{\"taskId\":\"t/1\",\"placement\":7},"
                                + "\"attempt\":{\"systemVersion\":1,\"requeues\":0,\"retries\":2},\"slots\":3,\"program\":{\"command\":[\"bash\",\"run.sh\",\"a"
                                + " b\"],\"environment\":{\"A\":\"\\\"1\\\"\"},"
                                + "\"nodeEnvironment\":{\"WEBJOBS_PORT\":\"PORT\"},"
                                + "\"files\":[{\"sha256\":\"ab\",\"bytes\":12,\"path\":\"\",\"unzip\":true}],"
                                + "\"webFiles\":[{\"url\":\"https://files.example/a\",\"path\":\"in/a\",\"mode\":\"0755\"}],"
                                + "\"directory\":\"\",\"dataDirectory\":\"site.job\",\"graceSeconds\":5,"
                                + "\"idleSeconds\":120,\"outputBytes\":10}}"));
    }

    @ParameterizedTest
    @MethodSource("orders")
    void publishesOrders(Object order, String published) {
        order("default", order);
        assertThat(connection.published).containsExactly("$muster/tasks/orders/default [" + published + "]");
    }

    @Test
    void publishesOrdersThatComeTogetherInPacketsThatANodeTakes() {
        TaskProgram program = TaskProgram.newBuilder(start().getProgram())
                .setCommand(List.of("x".repeat(200_000)))
                .build();
        StartAttempt large = new StartAttempt(TOKEN, new TaskAttempt(0, 0, 0), program, 1);
        Handovers.deliver(
                channel,
                connection,
                new NodeOrders(7L, "default", List.of(new GrantLease(3L), large, large, large, new GrantLease(4L))));
        assertThat(connection.published).hasSize(2).allMatch(packet -> packet.length() < 480 << 10);
        assertThat(connection.published.getFirst())
                .startsWith("$muster/tasks/orders/default [{\"type\":\"lease\",\"number\":3},{\"type\":\"start\"");
        assertThat(connection.published.getLast()).endsWith("},{\"type\":\"lease\",\"number\":4}]");
    }

    @Test
    void writesReportsThatComeTogetherInOneRecord() {
        order("default", new JoinPool(15));
        assertThat(receive("$muster/tasks/reports/default", "[" + STARTED + "," + STARTED + "]"))
                .isNotNull();
        assertThat(fleet.toPools).hasSize(2);
        assertThat(receive("$muster/tasks/reports/default", "[" + (STARTED + ",").repeat(100) + STARTED + "]"))
                .as("too many")
                .isNull();
    }

    @Test
    void offersOrdersToDevicesAndNotToModules() {
        assertThat(channel.filters(IdentityId.of("d")))
                .containsExactly(new Filter("$muster/tasks/orders/#", Capability.TASKS));
        assertThat(channel.filters(IdentityId.of("d/m"))).isEmpty();
    }

    @Test
    void reportsAStartThatNeverLeft() {
        NodeOrders order = new NodeOrders(6L, "default", List.of(new GrantLease(3L), start()));
        Handovers.miss(channel, "node-1", order);
        connection.open = false;
        Handovers.deliver(channel, connection, order);
        connection.open = true;
        connection.capabilities.remove(Capability.TASKS);
        Handovers.deliver(channel, connection, order);
        assertThat(fleet.toPools).hasSize(3).containsOnly("default node-1 6 " + new StartUndelivered(TOKEN));
        assertThat(connection.published).isEmpty();
    }

    @Test
    void failsAStartThatIsLargerThanANodeTakes() {
        TaskProgram program = TaskProgram.newBuilder(start().getProgram())
                .setCommand(List.of("x".repeat(500_000)))
                .build();
        Handovers.deliver(
                channel,
                connection,
                new NodeOrders(7L, "default", List.of(new StartAttempt(TOKEN, new TaskAttempt(0, 0, 0), program, 1))));
        assertThat(connection.published).isEmpty();
        assertThat(fleet.toPools)
                .singleElement()
                .asString()
                .startsWith("default node-1 7 ")
                .contains("NOT_STARTED")
                .contains("491520 at most");
    }

    @Test
    void reportsNoOtherOrderThatNeverLeft() {
        Handovers.miss(channel, "node-1", new NodeOrders(6L, "default", List.of(new GrantLease(3L))));
        assertThat(fleet.toPools).isEmpty();
    }

    static Stream<Arguments> reports() {
        String token = "\"token\":{\"taskId\":\"t/1\",\"placement\":7}";
        return Stream.of(
                Arguments.of(
                        "{\"type\":\"node\",\"number\":4,\"boot\":\"b\",\"slots\":2,\"capabilities\":[\"bash\"],"
                                + "\"holding\":[{\"taskId\":\"t/1\",\"placement\":7}]}",
                        new NodeReported(4L, "b", 2, List.of("bash"), List.of(TOKEN), "")),
                Arguments.of(
                        "{\"type\":\"node\",\"number\":4,\"boot\":\"b\",\"slots\":2,\"address\":\"fe80::1\"}",
                        new NodeReported(4L, "b", 2, List.of(), List.of(), "fe80::1")),
                Arguments.of("{\"type\":\"started\"," + token + "}", new ProgramStarted(TOKEN)),
                Arguments.of("{\"type\":\"coordinated\"," + token + "}", new ProgramCoordinated(TOKEN)),
                Arguments.of(
                        "{\"type\":\"exited\"," + token + ",\"code\":137,\"cause\":\"IDLE\",\"detail\":\"idle\"}",
                        new ProgramExited(TOKEN, 137, ExitCause.IDLE, "idle")));
    }

    private void order(String poolId, Object order) {
        Handovers.deliver(channel, connection, new NodeOrders(7L, poolId, List.of(order)));
    }

    private @Nullable Receipt receive(String topic, String body) {
        return channel.receive(
                connection, new Publish(topic, Unpooled.copiedBuffer(body, StandardCharsets.UTF_8), false));
    }

    @ParameterizedTest
    @MethodSource("reports")
    void writesReportsToTheirPool(String body, Object report) {
        order("default", new JoinPool(15));
        Receipt receipt = receive("$muster/tasks/reports/default", "[" + body + "]");
        assertThat(receipt).isNotNull();
        assertThat(receipt.written()).isCompleted();
        assertThat(fleet.toPools).containsExactly("default node-1 7 " + report);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "[]",
                "{",
                "{\"type\":\"other\"}",
                "{\"type\":\"started\"}",
                "{\"type\":\"started\",\"token\":{\"taskId\":\"\",\"placement\":1}}",
                "{\"type\":\"started\",\"token\":{\"taskId\":\"t\",\"placement\":\"1\"}}",
                "{\"type\":\"exited\",\"token\":{\"taskId\":\"t\",\"placement\":1},\"code\":0,\"cause\":\"BORED\"}",
                "{\"type\":\"exited\",\"token\":{\"taskId\":\"t\",\"placement\":1},\"cause\":\"ITSELF\"}",
                "{\"type\":\"node\",\"number\":1,\"boot\":\"b\",\"slots\":-1}",
                "{\"type\":\"node\",\"number\":1,\"boot\":\"\",\"slots\":1}",
                "{\"type\":\"node\",\"number\":1,\"boot\":\"b\",\"slots\":1,\"address\":\"a;b\"}",
                "{\"type\":\"node\",\"number\":1,\"boot\":\"b\",\"slots\":1025}",
                "{\"type\":\"started\",\"token\":{\"taskId\":\"a\\u0000b\",\"placement\":1}}",
                "{\"type\":\"node\",\"number\":1,\"boot\":\"b\",\"slots\":1,\"holding\":[7]}",
                "{\"type\":\"node\",\"number\":1,\"boot\":\"b\",\"slots\":1,\"capabilities\":[7]}",
                "{\"type\":\"node\",\"number\":1,\"boot\":\"b\",\"slots\":1,\"capabilities\":[\"\"]}",
                "{\"type\":\"node\",\"number\":1,\"boot\":\"b\",\"slots\":1,\"capabilities\":\"bash\"}",
                "{\"type\":\"node\",\"number\":1,\"boot\":\"b\",\"slots\":1,\"capabilities\":[\"a\\u0000\"]}",
                "{\"type\":\"node\",\"number\":1,\"boot\":7,\"slots\":1}"
            })
    void takesNoReportThatItCannotRead(String body) {
        order("default", new JoinPool(15));
        assertThat(receive("$muster/tasks/reports/default", body)).isNull();
        assertThat(receive("$muster/tasks/reports/default", "[" + STARTED + "," + body + "]"))
                .isNull();
        assertThat(fleet.toPools).isEmpty();
    }

    private static String node(int capabilities, int letters, int boot) {
        String all = Stream.generate(() -> "\"" + "c".repeat(letters) + "\"")
                .limit(capabilities)
                .collect(Collectors.joining(","));
        return "[{\"type\":\"node\",\"number\":1,\"boot\":\"" + "b".repeat(boot) + "\",\"slots\":1,\"capabilities\":["
                + all + "]}]";
    }

    @Test
    void boundsWhatANodeSaysOfItself() {
        order("default", new JoinPool(15));
        assertThat(receive("$muster/tasks/reports/default", node(256, 256, 256)))
                .isNotNull();
        assertThat(receive("$muster/tasks/reports/default", node(257, 1, 1))).isNull();
        assertThat(receive("$muster/tasks/reports/default", node(1, 257, 1))).isNull();
        assertThat(receive("$muster/tasks/reports/default", node(1, 1, 257))).isNull();
        assertThat(fleet.toPools).hasSize(1);
    }

    @Test
    void takesNoReportToAPoolThatCannotBe() {
        assertThat(receive(
                        "$muster/tasks/reports/a/b",
                        "[{\"type\":\"started\",\"token\":{\"taskId\":\"t\",\"placement\":1}}]"))
                .isNull();
    }

    @Test
    void writesOutput() {
        order("default", new JoinPool(15));
        Receipt receipt =
                receive("$muster/tasks/output/default/?taskId=t%2F1&placement=7&stream=err&offset=12", "hello");
        assertThat(receipt).isNotNull();
        assertThat(fleet.outputs)
                .containsExactly(new TaskOutput(
                        "default",
                        "node-1",
                        TOKEN,
                        OutputStream.ERR,
                        12L,
                        NOW,
                        ByteBuffer.wrap("hello".getBytes(StandardCharsets.UTF_8))));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "default",
                "default/?taskId=t&placement=7&stream=out",
                "default/?taskId=t&placement=7&offset=1",
                "default/?taskId=t&placement=-7&stream=out&offset=1",
                "default/?placement=7&stream=out&offset=1",
                "default/?taskId=&placement=7&stream=out&offset=1",
                "default/?taskId=a%00b&placement=7&stream=out&offset=1",
                "a b/?taskId=t&placement=7&stream=out&offset=1"
            })
    void takesNoOutputThatNamesNoPlace(String rest) {
        order("default", new JoinPool(15));
        assertThat(receive("$muster/tasks/output/" + rest, "x")).isNull();
        assertThat(fleet.outputs).isEmpty();
    }

    @Test
    void takesNoOutputBeyondItsBound() {
        order("default", new JoinPool(15));
        String place = "$muster/tasks/output/default/?taskId=t&placement=7&stream=out&offset=1";
        assertThat(receive(place, "x".repeat(64 << 10))).isNotNull();
        assertThat(receive(place, "x".repeat((64 << 10) + 1))).isNull();
    }

    private static final String STARTED = "{\"type\":\"started\",\"token\":{\"taskId\":\"t\",\"placement\":1}}";

    private @Nullable Receipt reportTo(String pool) {
        return receive("$muster/tasks/reports/" + pool, "[" + STARTED + "]");
    }

    private @Nullable Receipt outputTo(String pool) {
        return receive("$muster/tasks/output/" + pool + "/?taskId=t&placement=7&stream=out&offset=1", "x");
    }

    @Test
    void takesNothingOfADeviceThatNoPoolHasAdmitted() {
        order("default", new GrantLease(3L));
        for (String pool : List.of("default", "$reserve")) {
            assertThat(reportTo(pool)).as(pool).isEqualTo(Receipt.ofNothing());
            assertThat(outputTo(pool)).as(pool).isEqualTo(Receipt.ofNothing());
        }
        assertThat(fleet.toPools).isEmpty();
        assertThat(fleet.outputs).isEmpty();
    }

    @Test
    void endsTheConnectionOfADeviceThatGoesOnWithoutAPool() {
        for (int i = 0; i < JoinedPools.MOST_EARLY; i++) {
            assertThat(reportTo("default")).isEqualTo(Receipt.ofNothing());
        }
        assertThat(reportTo("default")).isNull();
        order("default", new JoinPool(15));
        assertThat(reportTo("other")).isEqualTo(Receipt.ofNothing());
    }

    @Test
    void writesNothingToAPoolThatTheNodeIsNotIn() {
        order("default", new JoinPool(15));
        assertThat(reportTo("other")).isEqualTo(Receipt.ofNothing());
        assertThat(outputTo("other")).isEqualTo(Receipt.ofNothing());
        assertThat(fleet.toPools).isEmpty();
        assertThat(fleet.outputs).isEmpty();
    }

    @Test
    void writesForTwoLeasesWhatANodeSaidBeforeItHeardThatItIsToLeave() {
        order("default", new JoinPool(15));
        order("default", new LeavePool());
        connection.pass(30_000);
        reportTo("default");
        connection.pass(1);
        reportTo("default");
        assertThat(fleet.toPools).hasSize(1);
        order("default", new JoinPool(15));
        reportTo("default");
        assertThat(fleet.toPools).hasSize(2);
    }

    @Test
    void takesNothingOfANodeWhoseOrderToJoinNeverLeft() {
        connection.open = false;
        order("default", new JoinPool(15));
        connection.open = true;
        assertThat(reportTo("default")).isEqualTo(Receipt.ofNothing());
        assertThat(fleet.toPools).isEmpty();
    }

    @Test
    void leavesOtherTopicsToOthers() {
        assertThat(receive("$muster/tasks/others/default", "{}")).isNull();
    }
}
