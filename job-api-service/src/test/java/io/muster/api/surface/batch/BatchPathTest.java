package io.muster.api.surface.batch;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class BatchPathTest {
    @ParameterizedTest
    @CsvSource({
        "/jobs,                                           /jobs",
        "/Jobs/My-Job/Tasks/T1,                           /jobs/My-Job/tasks/T1",
        "/jobs/Jobs/AddTaskCollection,                    /jobs/Jobs/addtaskcollection",
        "/myacc.batch.azure.com/Pools/P/Nodes/N/Reboot,   /pools/P/nodes/N/reboot",
        "/myacc.west.batch.azure.com/pools,               /pools",
        "/MYACC.Batch.Azure.com,                          /",
        "/jobs/j/tasks/t/FILES/wd/Tasks/A.txt,            /jobs/j/tasks/t/files/wd/Tasks/A.txt",
        "/,                                               /",
        "/myacc.batch.azure.comx/Pools,                   /myacc.batch.azure.comx/pools"
    })
    void leadsManyPathsToOne(String sent, String led) {
        assertThat(BatchPath.lead(sent)).isEqualTo(led);
    }

    @ParameterizedTest
    @CsvSource({
        "myacc.batch.muster.example,      myacc",
        "myacc.west.batch.azure.com,      myacc",
        "batch.muster.example,            ",
        "a.batch.muster.example,          ",
        "site.scm.example,                "
    })
    void knowsTheAccountOfAHost(String host, String account) {
        assertThat(BatchPath.accountOfHost(host).orElse(null)).isEqualTo(account);
    }
}
