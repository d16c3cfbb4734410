package io.muster.api.surface.webjobs;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Leads the paths of a site's Kudu, and all that stand for them. Contract: webjobs-and-schedules, 2.1; addresses. */
class KuduPathTest {
    @ParameterizedTest
    @CsvSource({
        "/api/webjobs, /api/webjobs",
        "/API/WebJobs, /api/webjobs",
        "/api/jobs, /api/webjobs",
        "/jobs, /api/webjobs",
        "/api/triggeredwebjobs, /api/triggeredwebjobs",
        "/api/triggeredjobs/Purge/RUN, /api/triggeredwebjobs/Purge/run",
        "/jobs/triggered/Purge/run, /api/triggeredwebjobs/Purge/run",
        "/api/jobs/Triggered/purge/History/202611210300004417, /api/triggeredwebjobs/purge/history/202611210300004417",
        "/api/continuousjobs/a/start, /api/continuouswebjobs/a/start",
        "/jobs/continuous/a, /api/continuouswebjobs/a",
        "/api/continuouswebjobs/a/passthrough/X/y, /api/continuouswebjobs/a/passthrough/X/y",
        "/api/triggeredwebjobs/Run/settings, /api/triggeredwebjobs/Run/settings",
        "/api/triggeredwebjobsswagger, /api/triggeredwebjobsswagger",
        "/api/Settings/NAME, /api/settings/NAME",
        "/vfs/Data/jobs/Triggered/Purge/1/output_log.txt, /api/vfs/data/jobs/triggered/Purge/1/output_log.txt",
        "/api/vfs/data/jobs/continuous/A/job_log.txt, /api/vfs/data/jobs/continuous/A/job_log.txt",
        "/api, /api",
        "/, /",
        "/Dump, /dump"
    })
    void leadsManyPathsToOne(String path, String led) {
        assertThat(KuduPath.lead("fleet.scm.example.org", path)).isEqualTo("/fleet.scm.azurewebsites.net" + led);
        assertThat(KuduPath.lead("localhost", "/Fleet.scm.azurewebsites.net" + (path.equals("/") ? "" : path)))
                .isEqualTo("/fleet.scm.azurewebsites.net" + (led.equals("/") ? "/" : led));
    }

    @Test
    void knowsItsSiteByHostOrPath() {
        assertThat(KuduPath.siteOfHost("fleet.scm.azurewebsites.net")).contains("fleet");
        assertThat(KuduPath.siteOfHost("scm.azurewebsites.net")).isEmpty();
        assertThat(KuduPath.siteOfHost("fleet.example.org")).isEmpty();
        assertThat(KuduPath.siteOfPath("/fleet.scm.azurewebsites.net/api/webjobs"))
                .contains("fleet");
        assertThat(KuduPath.siteOfPath("/fleet.SCM.azurewebsites.net")).contains("fleet");
        assertThat(KuduPath.siteOfPath("/.scm.azurewebsites.net/api")).isEmpty();
        assertThat(KuduPath.siteOfPath("/devices/fleet.scm.azurewebsites.net")).isEmpty();
        assertThat(KuduPath.siteOfPath("/")).isEmpty();
    }
}
