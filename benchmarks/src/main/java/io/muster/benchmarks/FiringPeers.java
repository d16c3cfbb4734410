package io.muster.benchmarks;

import com.github.kagkarlsson.scheduler.Scheduler;
import com.github.kagkarlsson.scheduler.task.helper.OneTimeTask;
import com.github.kagkarlsson.scheduler.task.helper.Tasks;
import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.time.Instant;
import java.util.Date;
import java.util.HashSet;
import java.util.Map;
import java.util.Properties;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.quartz.Job;
import org.quartz.JobBuilder;
import org.quartz.JobDetail;
import org.quartz.JobExecutionContext;
import org.quartz.Trigger;
import org.quartz.TriggerBuilder;
import org.quartz.impl.StdSchedulerFactory;

/**
 * Prints how many schedules that are due at once Quartz or db-scheduler fires a second, in this process, on a file of H2, whose commits reach the
 * disk twice a second. A firing does nothing. Arguments: {@code quartz} or {@code db-scheduler}, schedules, after how many seconds to stop.
 */
public final class FiringPeers {
    private static final int THREADS = 20;
    private static final int CONNECTIONS = THREADS + 5;
    private static final Duration NOTICED_WITHIN = Duration.ofMillis(100);
    private static final AtomicInteger FIRED = new AtomicInteger();
    private static final String TABLE = """
            CREATE TABLE scheduled_tasks (
              task_name VARCHAR(100), task_instance VARCHAR(100), task_data BLOB,
              execution_time TIMESTAMP WITH TIME ZONE, picked BIT, picked_by VARCHAR(50),
              last_success TIMESTAMP WITH TIME ZONE, last_failure TIMESTAMP WITH TIME ZONE, consecutive_failures INT,
              last_heartbeat TIMESTAMP WITH TIME ZONE, version BIGINT, priority SMALLINT,
              PRIMARY KEY (task_name, task_instance));
            CREATE INDEX execution_time_idx ON scheduled_tasks (execution_time);
            CREATE INDEX last_heartbeat_idx ON scheduled_tasks (last_heartbeat)""";

    /** Makes the indexes that Quartz's script for PostgreSQL has, and its script for H2 lacks. */
    private static final String QUARTZ_INDEXES = """
            CREATE INDEX idx_t_nft_st ON QRTZ_TRIGGERS (SCHED_NAME, TRIGGER_STATE, NEXT_FIRE_TIME);
            CREATE INDEX idx_t_next ON QRTZ_TRIGGERS (SCHED_NAME, NEXT_FIRE_TIME);
            CREATE INDEX idx_t_j ON QRTZ_TRIGGERS (SCHED_NAME, JOB_NAME, JOB_GROUP);
            CREATE INDEX idx_ft_inst ON QRTZ_FIRED_TRIGGERS (SCHED_NAME, INSTANCE_NAME);
            CREATE INDEX idx_ft_t_g ON QRTZ_FIRED_TRIGGERS (SCHED_NAME, TRIGGER_NAME, TRIGGER_GROUP);
            CREATE INDEX idx_ft_j_g ON QRTZ_FIRED_TRIGGERS (SCHED_NAME, JOB_NAME, JOB_GROUP)""";

    private FiringPeers() {}

    /** Counts firings. */
    public static final class Counted implements Job {
        @Override
        public void execute(JobExecutionContext context) {
            FIRED.incrementAndGet();
        }
    }

    public static void main(String[] args) throws Exception {
        int schedules = Integer.parseInt(args[1]);
        Duration limit = Duration.ofSeconds(Integer.parseInt(args[2]));
        Path folder = Files.createTempDirectory(Path.of("benchmarks/target").toAbsolutePath(), "peer");
        String url = "jdbc:h2:file:" + folder.resolve("db");
        switch (args[0]) {
            case "quartz" -> quartz(url, schedules, limit);
            case "db-scheduler" -> dbScheduler(url, schedules, limit);
            default -> throw new IllegalArgumentException("no such scheduler, name=" + args[0]);
        }
        // The peer polls on: it would write of its closed database.
        System.out.flush();
        Runtime.getRuntime().halt(0);
    }

    private static void execute(String url, String sql) throws SQLException {
        HikariConfig config = new HikariConfig();
        config.setJdbcUrl(url);
        try (HikariDataSource source = new HikariDataSource(config);
                Connection connection = source.getConnection();
                Statement statement = connection.createStatement()) {
            statement.execute(sql);
        }
    }

    private static void quartz(String url, int schedules, Duration limit) throws Exception {
        // It stays open, as the others would wait for its file anew.
        String open = url + ";DB_CLOSE_DELAY=-1";
        execute(open, "RUNSCRIPT FROM 'classpath:org/quartz/impl/jdbcjobstore/tables_h2.sql'");
        execute(open, QUARTZ_INDEXES);
        Properties properties = new Properties();
        properties.putAll(Map.ofEntries(
                Map.entry("org.quartz.scheduler.instanceName", "peer"),
                Map.entry("org.quartz.scheduler.batchTriggerAcquisitionMaxCount", String.valueOf(THREADS)),
                Map.entry("org.quartz.threadPool.class", "org.quartz.simpl.SimpleThreadPool"),
                Map.entry("org.quartz.threadPool.threadCount", String.valueOf(THREADS)),
                Map.entry("org.quartz.jobStore.class", "org.quartz.impl.jdbcjobstore.JobStoreTX"),
                Map.entry("org.quartz.jobStore.driverDelegateClass", "org.quartz.impl.jdbcjobstore.StdJDBCDelegate"),
                Map.entry("org.quartz.jobStore.dataSource", "h2"),
                Map.entry("org.quartz.jobStore.acquireTriggersWithinLock", "true"),
                Map.entry("org.quartz.jobStore.misfireThreshold", "3600000"),
                Map.entry("org.quartz.dataSource.h2.provider", "hikaricp"),
                Map.entry("org.quartz.dataSource.h2.driver", "org.h2.Driver"),
                Map.entry("org.quartz.dataSource.h2.URL", open),
                Map.entry("org.quartz.dataSource.h2.user", ""),
                Map.entry("org.quartz.dataSource.h2.password", ""),
                Map.entry("org.quartz.dataSource.h2.maxConnections", String.valueOf(CONNECTIONS))));
        org.quartz.Scheduler scheduler = new StdSchedulerFactory(properties).getScheduler();
        JobDetail job = JobBuilder.newJob(Counted.class)
                .withIdentity("counted")
                .storeDurably()
                .build();
        Date due = new Date();
        Set<Trigger> triggers = new HashSet<>();
        for (int number = 0; number < schedules; number++) {
            triggers.add(TriggerBuilder.newTrigger()
                    .withIdentity("firing-" + number)
                    .forJob(job)
                    .startAt(due)
                    .build());
        }
        scheduler.scheduleJobs(Map.of(job, triggers), true);
        long start = System.nanoTime();
        scheduler.start();
        await("quartz", schedules, start, limit);
    }

    private static void dbScheduler(String url, int schedules, Duration limit) throws Exception {
        HikariConfig config = new HikariConfig();
        config.setJdbcUrl(url);
        config.setMaximumPoolSize(CONNECTIONS);
        HikariDataSource source = new HikariDataSource(config);
        try (Connection connection = source.getConnection();
                Statement statement = connection.createStatement()) {
            statement.execute(TABLE);
        }
        OneTimeTask<Void> task = Tasks.oneTime("counted").execute((_, _) -> FIRED.incrementAndGet());
        Scheduler scheduler = Scheduler.create(source, task)
                .threads(THREADS)
                .pollingInterval(NOTICED_WITHIN)
                .build();
        Instant due = Instant.now();
        scheduler.scheduleBatch(
                IntStream.range(0, schedules).mapToObj(number -> task.instance("firing-" + number)), due);
        long start = System.nanoTime();
        scheduler.start();
        await("db-scheduler", schedules, start, limit);
    }

    private static void await(String name, int schedules, long start, Duration limit) throws InterruptedException {
        while (FIRED.get() < schedules && System.nanoTime() - start < limit.toNanos()) {
            Thread.sleep(10);
        }
        int fired = FIRED.get();
        double seconds = (System.nanoTime() - start) / 1e9;
        System.out.printf("%s: %d of %d fired in %.1f s = %.0f/s%n", name, fired, schedules, seconds, fired / seconds);
    }
}
