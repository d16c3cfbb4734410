package io.muster.service;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/**
 * Asks addresses whether they answer with status 200: the command of {@code helm test} and of the containers' health checks, since images hold
 * no other program that could.
 */
public final class HealthCheck {
    private static final String WITHIN = "--within=";
    private static final Duration ANSWER = Duration.ofSeconds(5);
    private static final Duration POLL = Duration.ofSeconds(1);

    private HealthCheck() {}

    /**
     * Waits until every address has answered so once.
     *
     * @param within how long; zero to ask once
     * @return what those answered last that have not, a sentence each
     */
    public static List<String> run(List<URI> addresses, Duration within) throws InterruptedException {
        long deadline = System.nanoTime() + within.toNanos();
        try (HttpClient http = HttpClient.newBuilder().connectTimeout(ANSWER).build()) {
            List<URI> left = new ArrayList<>(addresses);
            while (true) {
                List<String> why = new ArrayList<>();
                for (URI address : List.copyOf(left)) {
                    String trouble = ask(http, address);
                    if (trouble.isEmpty()) {
                        left.remove(address);
                    } else {
                        why.add(address + " " + trouble + ".");
                    }
                }
                if (left.isEmpty() || System.nanoTime() >= deadline) {
                    return why;
                }
                Thread.sleep(POLL);
            }
        }
    }

    /** Asks once. @return the fault; empty where all is well */
    private static String ask(HttpClient http, URI address) throws InterruptedException {
        try {
            int status = http.send(
                            HttpRequest.newBuilder(address).timeout(ANSWER).build(),
                            HttpResponse.BodyHandlers.discarding())
                    .statusCode();
            return status == 200 ? "" : "answers with status " + status;
        } catch (IOException e) {
            return "does not answer (" + e.getClass().getSimpleName() + ")";
        }
    }

    /** Takes addresses, and {@code --within=} a duration where it may wait. Status 1 where one does not answer so. */
    public static void main(String[] args) throws InterruptedException {
        Duration within = Duration.ZERO;
        List<URI> addresses = new ArrayList<>();
        for (String arg : args) {
            if (arg.startsWith(WITHIN)) {
                within = Settings.of(new String[] {arg}, java.util.Map.of()).duration("within", Duration.ZERO);
            } else {
                addresses.add(URI.create(arg));
            }
        }
        List<String> why = run(addresses, within);
        if (!why.isEmpty()) {
            why.forEach(System.err::println);
            System.exit(ServiceProgram.FAILED);
        }
        System.out.println(addresses.size() + " of " + addresses.size() + " are ready.");
    }
}
