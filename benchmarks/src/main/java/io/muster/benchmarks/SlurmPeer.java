package io.muster.benchmarks;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;

/** Runs Slurm on loopback: a controller, and a node with so many processors as it is told. It takes root, and Debian's {@code slurmctld slurmd slurm-client munge}. */
final class SlurmPeer implements AutoCloseable {
    private static final List<String> PROGRAMS = List.of("munged", "slurmctld", "slurmd");
    private static final long PATIENCE_S = 30;

    private final Path folder;
    private final AtomicBoolean closed = new AtomicBoolean();

    private SlurmPeer(Path folder) {
        this.folder = folder;
    }

    /** Starts one; empty where its programs are not there. */
    static Optional<SlurmPeer> start(int slots) throws IOException, InterruptedException {
        boolean isThere = PROGRAMS.stream().allMatch(program -> Files.isExecutable(Path.of("/usr/sbin", program)));
        if (!isThere) {
            return Optional.empty();
        }
        SlurmPeer peer = new SlurmPeer(Files.createTempDirectory("slurm"));
        // Its daemons leave this process: they would run on behind one that is ended.
        Runtime.getRuntime().addShutdownHook(new Thread(peer::close));
        peer.configure(slots);
        peer.run(
                "munged",
                "--force",
                "--key-file=" + peer.file("munge.key"),
                "--socket=" + peer.file("munge.socket"),
                "--pid-file=" + peer.file("munged.pid"),
                "--log-file=" + peer.file("munged.log"),
                "--seed-file=" + peer.file("munged.seed"));
        peer.run("slurmctld");
        peer.run("slurmd");
        peer.awaitIdle();
        return Optional.of(peer);
    }

    private Path file(String name) {
        return folder.resolve(name);
    }

    private void configure(int slots) throws IOException {
        String host = InetAddress.getLocalHost().getHostName().replaceAll("\\..*", "");
        byte[] key = new byte[1024];
        new SecureRandom().nextBytes(key);
        Files.write(
                Files.createFile(
                        file("munge.key"),
                        PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------"))),
                key);
        Files.createDirectory(file("state"));
        Files.createDirectory(file("spool"));
        Files.writeString(file("slurm.conf"), """
                ClusterName=peer
                SlurmctldHost=%1$s(127.0.0.1)
                SlurmctldPort=%2$d
                SlurmdPort=%3$d
                SlurmUser=root
                AuthType=auth/munge
                AuthInfo=socket=%4$s/munge.socket
                StateSaveLocation=%4$s/state
                SlurmdSpoolDir=%4$s/spool
                SlurmctldPidFile=%4$s/slurmctld.pid
                SlurmdPidFile=%4$s/slurmd.pid
                SlurmctldLogFile=%4$s/slurmctld.log
                SlurmdLogFile=%4$s/slurmd.log
                ProctrackType=proctrack/linuxproc
                TaskPlugin=task/none
                JobAcctGatherType=jobacct_gather/none
                MpiDefault=none
                SelectType=select/cons_tres
                SelectTypeParameters=CR_CPU
                SchedulerParameters=default_queue_depth=10000,sched_interval=1,batch_sched_delay=0
                SlurmdParameters=config_overrides
                MaxJobCount=200000
                MaxArraySize=100001
                ReturnToService=2
                NodeName=%1$s NodeAddr=127.0.0.1 CPUs=%5$d State=UNKNOWN
                PartitionName=main Nodes=ALL Default=YES MaxTime=INFINITE State=UP
                """.formatted(host, freePort(), freePort(), folder, slots));
    }

    private static int freePort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0)) {
            return socket.getLocalPort();
        }
    }

    /** Runs a program to its end. @return what it printed */
    private String run(String... command) throws IOException, InterruptedException {
        Path printed = Files.createTempFile(folder, "printed", ".txt");
        ProcessBuilder builder = new ProcessBuilder(command)
                .directory(folder.toFile())
                .redirectErrorStream(true)
                .redirectOutput(printed.toFile());
        builder.environment().put("SLURM_CONF", file("slurm.conf").toString());
        Process process = builder.start();
        if (!process.waitFor(PATIENCE_S, TimeUnit.SECONDS) || process.exitValue() != 0) {
            process.destroyForcibly();
            throw new IllegalStateException(
                    "Slurm did not take " + List.of(command) + ": " + Files.readString(printed));
        }
        String text = Files.readString(printed);
        Files.delete(printed);
        return text;
    }

    private void awaitIdle() throws IOException, InterruptedException {
        long start = System.nanoTime();
        while (!run("sinfo", "--noheader", "--format=%t").strip().equals("idle")) {
            if (System.nanoTime() - start > TimeUnit.SECONDS.toNanos(PATIENCE_S)) {
                throw new IllegalStateException("Slurm's node is not idle: see " + folder);
            }
            Thread.sleep(100);
        }
    }

    /** Submits an array of jobs that run a script of sh. @param held whether they are to wait for ever */
    void submit(String script, int jobs, boolean held) throws IOException, InterruptedException {
        Path file = Files.writeString(file("script.sh"), "#!/bin/sh\n" + script + "\n");
        List<String> command =
                new ArrayList<>(List.of("sbatch", "--array=1-" + jobs, "--output=/dev/null", file.toString()));
        if (held) {
            command.add(1, "--hold");
        }
        run(command.toArray(String[]::new));
    }

    /** Drops all that was submitted. */
    void cancel() throws IOException, InterruptedException {
        run("scancel", "--user=root");
    }

    @Override
    public void close() {
        if (closed.getAndSet(true)) {
            return;
        }
        for (String program : PROGRAMS.reversed()) {
            try {
                long pid =
                        Long.parseLong(Files.readString(file(program + ".pid")).strip());
                ProcessHandle.of(pid).ifPresent(ProcessHandle::destroy);
            } catch (IOException e) {
                System.err.println(program + " may run on, see " + folder + ": " + e);
            }
        }
    }
}
