package io.muster.system;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Is a network for processes of their own: a namespace, and a pair of virtual Ethernet devices between it and the machine, whose link a test cuts. Takes Linux,
 * root, and {@code ip} and {@code nsenter}. Names have the id of the tests' process, so that what a killed one left is found and deleted.
 */
final class NetworkNamespace implements AutoCloseable {
    private static final String PREFIX = "muster-";
    private static final Pattern NAME = Pattern.compile("(?m)^" + PREFIX + "(\\d+)-\\d+");
    /** Counts the networks of four addresses in 198.18.0.0/15, which is kept for tests of networks (RFC 2544). */
    private static final int NETWORKS = 1 << 15;

    private final String name;
    private final String device;
    private final String address;

    private NetworkNamespace(String name, String device, String address) {
        this.name = name;
        this.device = device;
        this.address = address;
    }

    /** Makes one. @param number of it among those of this process, from 0 to 3 @throws IOException with a sentence where the machine does not let it */
    static NetworkNamespace open(int number) throws IOException {
        deleteLeftovers();
        long pid = ProcessHandle.current().pid();
        int first = (int) ((pid * 4 + number) % NETWORKS) * 4;
        NetworkNamespace made =
                new NetworkNamespace(PREFIX + pid + "-" + number, "mu" + pid + "h" + number, address(first + 1));
        String inner = "mu" + pid + "n" + number;
        run("ip", "netns", "add", made.name);
        try {
            Runtime.getRuntime().addShutdownHook(new Thread(made::close));
            run("ip", "link", "add", made.device, "type", "veth", "peer", "name", inner, "netns", made.name);
            run("ip", "addr", "add", made.address + "/30", "dev", made.device);
            run("ip", "-n", made.name, "addr", "add", address(first + 2) + "/30", "dev", inner);
            run("ip", "-n", made.name, "link", "set", inner, "up");
            run("ip", "-n", made.name, "link", "set", "lo", "up");
            made.mend();
            run(made.inside(List.of("true")).toArray(String[]::new));
            return made;
        } catch (IOException e) {
            made.close();
            throw e;
        }
    }

    private static String address(int number) {
        return "198." + (18 + (number >> 16)) + "." + (number >> 8 & 0xff) + "." + (number & 0xff);
    }

    private static void deleteLeftovers() throws IOException {
        Matcher names = NAME.matcher(run("ip", "netns", "list"));
        while (names.find()) {
            if (ProcessHandle.of(Long.parseLong(names.group(1))).isEmpty()) {
                run("ip", "netns", "delete", names.group());
            }
        }
    }

    /** Returns the machine's address, as processes in it reach it. */
    String address() {
        return address;
    }

    /** Returns the command that runs a command in it, as the same process. */
    List<String> inside(List<String> command) {
        List<String> all = new ArrayList<>(List.of("nsenter", "--net=/run/netns/" + name, "--"));
        all.addAll(command);
        return all;
    }

    /** Cuts its link, as if a cable were pulled out: nothing comes through, and no connection is closed. */
    void cut() throws IOException {
        run("ip", "link", "set", device, "down");
    }

    /** Mends its link. */
    void mend() throws IOException {
        run("ip", "link", "set", device, "up");
    }

    /** Deletes it with its link; the second time has no effect. Processes in it stay without a network. */
    @Override
    public void close() {
        try {
            for (String[] command : List.of(
                    new String[] {"ip", "link", "delete", device}, new String[] {"ip", "netns", "delete", name})) {
                new ProcessBuilder(command)
                        .redirectErrorStream(true)
                        .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                        .start()
                        .waitFor();
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private static String run(String... command) throws IOException {
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        try {
            if (process.waitFor() != 0) {
                throw new IOException(String.join(" ", command) + " fails: " + said.strip());
            }
            return said;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted", e);
        }
    }
}
