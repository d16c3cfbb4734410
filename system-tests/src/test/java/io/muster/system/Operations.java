package io.muster.system;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;

/** Reads the operations port of a service on this machine. */
final class Operations {
    private Operations() {}

    static boolean isReady(int port) throws InterruptedException {
        try {
            return get("http://127.0.0.1:" + port + "/health/ready").statusCode() == 200;
        } catch (IOException e) {
            return false;
        }
    }

    /** Returns its metrics. @param address as {@code Standalone.operations} gives it */
    static String scrape(String address) throws InterruptedException {
        try {
            return get(address + "/metrics").body();
        } catch (IOException e) {
            throw new AssertionError("it does not answer, address=" + address, e);
        }
    }

    private static HttpResponse<String> get(String uri) throws IOException, InterruptedException {
        try (HttpClient http = HttpClient.newHttpClient()) {
            return http.send(HttpRequest.newBuilder(URI.create(uri)).build(), HttpResponse.BodyHandlers.ofString());
        }
    }
}
