package io.muster.gateway;

import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.net.Socket;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Speaks MQTT 3.1.1 by hand, so that the test sees the bytes. Blocks; an answer comes within half a minute or the test fails. */
final class MqttClient implements AutoCloseable {
    record Publish(String topic, String body, int packetId) {}

    private final Socket socket;
    private final DataInputStream in;
    private boolean sessionPresent;
    private int packetId;

    MqttClient(Socket socket) throws IOException {
        this.socket = socket;
        socket.setSoTimeout(30_000);
        this.in = new DataInputStream(socket.getInputStream());
    }

    int connect(String clientId, String userName, String password, boolean clean) throws IOException {
        raw(connectPacket(clientId, userName, password, clean));
        return connack();
    }

    int connectWithWill(String clientId, String userName, String password, String topic, String body)
            throws IOException {
        raw(connectPacket(clientId, userName, password, false, topic, body));
        return connack();
    }

    private int connack() throws IOException {
        byte[] packet = packet();
        sessionPresent = packet[2] == 1;
        return packet[3];
    }

    boolean sessionPresent() {
        return sessionPresent;
    }

    List<Integer> subscribe(String... filters) throws IOException {
        return subscribe(0, filters);
    }

    List<Integer> subscribe(int qos, String... filters) throws IOException {
        ByteArrayOutputStream body = new ByteArrayOutputStream();
        number(body, ++packetId);
        for (String filter : filters) {
            text(body, filter);
            body.write(qos);
        }
        raw(packet(0x82, body));
        byte[] answer = packet();
        List<Integer> granted = new ArrayList<>();
        for (int i = 4; i < answer.length; i++) {
            granted.add(answer[i] & 0xff);
        }
        return granted;
    }

    int publish(String topic, String payload, int qos) throws IOException {
        raw(publishPacket(topic, payload, qos, ++packetId));
        return packetId;
    }

    Publish publish() throws IOException {
        byte[] packet = packet();
        int at = 1;
        while ((packet[at++] & 0x80) != 0) {
            // The length's further bytes.
        }
        int length = ((packet[at] & 0xff) << 8) | (packet[at + 1] & 0xff);
        String topic = new String(packet, at + 2, length, StandardCharsets.UTF_8);
        int body = at + 2 + length;
        int qos = packet[0] >> 1 & 3;
        int id = qos == 0 ? 0 : ((packet[body] & 0xff) << 8) | (packet[body + 1] & 0xff);
        body += qos == 0 ? 0 : 2;
        return new Publish(topic, new String(packet, body, packet.length - body, StandardCharsets.UTF_8), id);
    }

    void acknowledge(int id) throws IOException {
        raw(new byte[] {0x40, 2, (byte) (id >> 8), (byte) id});
    }

    /** Returns the next packet, whole. */
    byte[] packet() throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        out.write(in.readByte());
        int length = 0;
        int shift = 0;
        int digit;
        do {
            digit = in.readByte() & 0xff;
            out.write(digit);
            length |= (digit & 0x7f) << shift;
            shift += 7;
        } while ((digit & 0x80) != 0);
        out.writeBytes(in.readNBytes(length));
        return out.toByteArray();
    }

    /** Returns whether a connection over which nothing is sent is closed already. */
    boolean isClosedNow() {
        try {
            socket.setSoTimeout(20);
            try {
                return in.read() < 0;
            } catch (SocketTimeoutException e) {
                return false;
            } finally {
                socket.setSoTimeout(30_000);
            }
        } catch (IOException e) {
            return true;
        }
    }

    /** Returns whether the server ends the connection without sending anything. */
    boolean closed() throws IOException {
        try {
            return in.read() < 0;
        } catch (EOFException | SocketException e) {
            return true;
        }
    }

    void raw(byte[] bytes) throws IOException {
        socket.getOutputStream().write(bytes);
        socket.getOutputStream().flush();
    }

    static byte[] connectPacket(String clientId, String userName, String password, boolean clean) {
        return connectPacket(clientId, userName, password, clean, null, "");
    }

    private static byte[] connectPacket(
            String clientId, String userName, String password, boolean clean, @Nullable String willTopic, String will) {
        ByteArrayOutputStream body = new ByteArrayOutputStream();
        text(body, "MQTT");
        body.write(4);
        body.write(0xc0 | (clean ? 2 : 0) | (willTopic == null ? 0 : 4));
        number(body, 180);
        text(body, clientId);
        if (willTopic != null) {
            text(body, willTopic);
            text(body, will);
        }
        text(body, userName);
        text(body, password);
        return packet(0x10, body);
    }

    static byte[] publishPacket(String topic, String payload, int qos, int packetId) {
        ByteArrayOutputStream body = new ByteArrayOutputStream();
        text(body, topic);
        if (qos > 0) {
            number(body, packetId);
        }
        body.writeBytes(payload.getBytes(StandardCharsets.UTF_8));
        return packet(0x30 | qos << 1, body);
    }

    private static byte[] packet(int first, ByteArrayOutputStream body) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        out.write(first);
        int length = body.size();
        do {
            out.write((length & 0x7f) | (length > 0x7f ? 0x80 : 0));
            length >>= 7;
        } while (length > 0);
        out.writeBytes(body.toByteArray());
        return out.toByteArray();
    }

    private static void text(ByteArrayOutputStream out, String text) {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        number(out, bytes.length);
        out.writeBytes(bytes);
    }

    private static void number(ByteArrayOutputStream out, int number) {
        out.write(number >> 8);
        out.write(number);
    }

    @Override
    public void close() throws IOException {
        socket.close();
    }
}
