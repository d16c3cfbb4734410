package io.muster.system;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Proxy;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;

/**
 * Passes connections on to one port of loopback, and answers an HTTP CONNECT in front of them whatever it asks for: clients with fixed
 * ports and a true connection string reach a Muster on free ones (contract: iot-hub, 6.2).
 */
final class PortProxy implements AutoCloseable {
    private final ServerSocket server;
    private final int target;

    private PortProxy(InetAddress address, int port, int target) throws IOException {
        this.server = new ServerSocket(port, 50, address);
        this.target = target;
        Thread.ofVirtual().start(this::accept);
    }

    static PortProxy to(int target) throws IOException {
        return new PortProxy(InetAddress.getLoopbackAddress(), 0, target);
    }

    /** Listens where the name leads, see {@code src/test/resources/hosts}. */
    static PortProxy at(String host, int port, int target) throws IOException {
        return new PortProxy(InetAddress.getByName(host), port, target);
    }

    Proxy asHttpProxy() {
        return new Proxy(Proxy.Type.HTTP, new InetSocketAddress(server.getInetAddress(), server.getLocalPort()));
    }

    @Override
    public void close() throws IOException {
        server.close();
    }

    private void accept() {
        while (!server.isClosed()) {
            try {
                Socket client = server.accept();
                Thread.ofVirtual().start(() -> serve(client));
            } catch (IOException _) {
                return; // Closed.
            }
        }
    }

    private void serve(Socket client) {
        try (client;
                Socket muster = new Socket(InetAddress.getLoopbackAddress(), target)) {
            InputStream in = new BufferedInputStream(client.getInputStream());
            in.mark(1);
            int first = in.read();
            in.reset();
            if (first == 'C') {
                connect(in, client.getOutputStream());
            }
            Thread back = Thread.ofVirtual().start(() -> copy(muster, client));
            in.transferTo(muster.getOutputStream());
            muster.shutdownOutput();
            back.join();
        } catch (IOException | InterruptedException _) {
            // One of the two has ended: so does the other.
        }
    }

    private static void copy(Socket from, Socket to) {
        try (from;
                to) {
            from.getInputStream().transferTo(to.getOutputStream());
        } catch (IOException _) {
            // Ended.
        }
    }

    private static void connect(InputStream in, OutputStream out) throws IOException {
        StringBuilder head = new StringBuilder();
        while (head.indexOf("\r\n\r\n") < 0) {
            int next = in.read();
            if (next < 0) {
                throw new IOException("no request");
            }
            head.append((char) next);
        }
        out.write("HTTP/1.1 200 Connection established\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
    }
}
