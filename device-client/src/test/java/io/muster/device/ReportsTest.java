package io.muster.device;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.muster.device.journal.Journal;
import io.muster.device.journal.JournalFullException;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Reports over real sockets and a real disk, to a hub that acknowledges when it likes. */
class ReportsTest {
    @TempDir
    private Path folder;

    private final UnkindHub hub = new UnkindHub();
    private Journal journal;
    private Reports reports;
    private DeviceConnector connector;

    @BeforeEach
    void start() throws IOException {
        journal = Journal.open(folder.resolve("journal"), 10_000);
        reports = new Reports(journal, error -> {
            throw new AssertionError(error);
        });
        connector = DeviceConnector.start(
                hub.address(), DeviceConnector.Settings.usual(1000, "test", InstantSource.system()));
        connector.connect("d", new Credentials.Tokens((_, _) -> "token", Duration.ofHours(1)), new DeviceProgram() {
            @Override
            public void connected(DeviceClient device) {
                reports.connected(device);
            }
        });
    }

    @AfterEach
    void stop() throws IOException {
        connector.close();
        reports.close();
        journal.close();
        hub.close();
    }

    private List<String> bodies() {
        List<String> bodies = new ArrayList<>();
        hub.log.stream()
                .filter(entry -> entry.startsWith("PUBLISH"))
                .forEach(entry -> bodies.add(entry.substring(entry.lastIndexOf(' ') + 1)));
        return bodies;
    }

    @Test
    void forgetsAReportThatTheHubHasAcknowledged() throws IOException {
        reports.add(Telemetry.ofJson("1"));
        await().until(() -> reports.waiting() == 0);
        assertThat(hub.log)
                .contains("PUBLISH devices/d/messages/events/"
                        + PropertyBag.text(Telemetry.ofJson("").properties()) + " 1");
    }

    @Test
    void repeatsReportsInTheirOrderOverEachConnectionUntilTheyAreAcknowledged() throws IOException {
        hub.acknowledges = false;
        for (int i = 1; i <= 5; i++) {
            reports.add(Telemetry.ofJson("" + i));
        }
        await().until(() -> bodies().equals(List.of("1", "2", "3", "4", "5")));
        hub.link().close();
        await().until(() -> bodies().equals(List.of("1", "2", "3", "4", "5", "1", "2", "3", "4", "5")));
        assertThat(reports.waiting()).isEqualTo(5);
        hub.acknowledges = true;
        hub.link().close();
        await().until(() -> reports.waiting() == 0);
    }

    @Test
    void sendsReportsOfAnEarlierRunFirst() throws IOException {
        hub.acknowledges = false;
        reports.add(Telemetry.ofJson("1"));
        await().until(() -> bodies().equals(List.of("1")));
        stop();
        UnkindHub later = new UnkindHub();
        journal = Journal.open(folder.resolve("journal"), 10_000);
        reports = new Reports(journal, error -> {
            throw new AssertionError(error);
        });
        reports.add(Telemetry.ofJson("2"));
        connector = DeviceConnector.start(
                later.address(), DeviceConnector.Settings.usual(1000, "test", InstantSource.system()));
        connector.connect("d", new Credentials.Tokens((_, _) -> "token", Duration.ofHours(1)), new DeviceProgram() {
            @Override
            public void connected(DeviceClient device) {
                reports.connected(device);
            }
        });
        await().until(() -> reports.waiting() == 0);
        assertThat(later.log)
                .filteredOn(entry -> entry.startsWith("PUBLISH"))
                .extracting(entry -> entry.substring(entry.lastIndexOf(' ') + 1))
                .containsExactly("1", "2");
        later.close();
    }

    @Test
    void sendsMoreThanMayBeInFlightAsTheHubAcknowledges() throws IOException {
        for (int i = 0; i < 80; i++) {
            reports.add(Telemetry.ofJson("" + i));
        }
        await().until(() -> reports.waiting() == 0);
        assertThat(bodies()).hasSize(80);
    }

    @Test
    void takesNoMoreThanTheJournalHolds() {
        hub.acknowledges = false;
        assertThatThrownBy(() -> {
                    for (int i = 0; i < 1000; i++) {
                        reports.add(Telemetry.ofJson("x".repeat(100)));
                    }
                })
                .isInstanceOf(JournalFullException.class);
    }
}
