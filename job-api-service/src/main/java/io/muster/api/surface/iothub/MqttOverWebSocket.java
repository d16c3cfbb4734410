package io.muster.api.surface.iothub;

import io.micronaut.context.annotation.Requires;
import io.micronaut.http.HttpRequest;
import io.micronaut.http.MediaType;
import io.micronaut.websocket.CloseReason;
import io.micronaut.websocket.WebSocketSession;
import io.micronaut.websocket.annotation.OnClose;
import io.micronaut.websocket.annotation.OnError;
import io.micronaut.websocket.annotation.OnMessage;
import io.micronaut.websocket.annotation.OnOpen;
import io.micronaut.websocket.annotation.ServerWebSocket;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Connects devices that speak MQTT over WebSocket on the REST port: bytes go to a gateway as they are, and back. No token is asked for here, the
 * gateway asks for the device's. Contract: iot-hub, 4.1 and 6.3; ADR 0009.
 */
@ServerWebSocket(value = MqttOverWebSocket.PATH, subprotocols = "mqtt")
@Requires(bean = GatewayTunnels.class)
final class MqttOverWebSocket {
    static final String PATH = "/$iothub/websocket";

    private static final Logger LOG = LoggerFactory.getLogger(MqttOverWebSocket.class);
    private static final int LARGEST_FRAME = 512 * 1024;
    private static final String TUNNEL = "tunnel";

    private final GatewayTunnels tunnels;

    MqttOverWebSocket(GatewayTunnels tunnels) {
        this.tunnels = tunnels;
    }

    /** Returns whether the device asks for MQTT, or for nothing. */
    static boolean serves(HttpRequest<?> request) {
        List<String> asked = request.getHeaders().getAll("Sec-WebSocket-Protocol");
        return asked.isEmpty()
                || asked.stream()
                        .flatMap(line -> Stream.of(line.split(",")))
                        .anyMatch(protocol -> protocol.strip().equalsIgnoreCase("mqtt"));
    }

    @OnOpen
    void open(WebSocketSession session, HttpRequest<?> request) {
        session.put(
                TUNNEL,
                tunnels.open(
                        request.getRemoteAddress(),
                        bytes -> session.sendAsync(bytes, MediaType.APPLICATION_OCTET_STREAM_TYPE),
                        () -> session.close(CloseReason.GOING_AWAY)));
    }

    @OnMessage(maxPayloadLength = LARGEST_FRAME)
    void message(byte[] bytes, WebSocketSession session) {
        tunnel(session).ifPresent(tunnel -> tunnel.send(bytes));
    }

    @OnClose
    void closed(WebSocketSession session) {
        tunnel(session).ifPresent(GatewayTunnels.Tunnel::close);
    }

    @OnError
    void failed(WebSocketSession session, Throwable error) {
        LOG.debug("A WebSocket failed, reason={}", error.toString());
        session.close(CloseReason.PROTOCOL_ERROR);
    }

    private static Optional<GatewayTunnels.Tunnel> tunnel(WebSocketSession session) {
        return session.get(TUNNEL, GatewayTunnels.Tunnel.class);
    }
}
