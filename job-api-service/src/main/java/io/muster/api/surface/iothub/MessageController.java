package io.muster.api.surface.iothub;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.micronaut.http.HttpRequest;
import io.micronaut.http.HttpResponse;
import io.micronaut.http.MediaType;
import io.micronaut.http.annotation.Body;
import io.micronaut.http.annotation.Consumes;
import io.micronaut.http.annotation.Controller;
import io.micronaut.http.annotation.Delete;
import io.micronaut.http.annotation.PathVariable;
import io.micronaut.http.annotation.Post;
import io.muster.api.http.Answers;
import io.muster.api.http.Time;
import io.muster.api.job.Requests;
import io.muster.records.CloudMessage;
import io.muster.records.MessageQueued;
import io.muster.records.MessagesPurged;
import io.muster.records.PurgeMessages;
import io.muster.records.SendMessage;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.CompletionStage;

/** Serves messages to devices. Sending is our own: IoT Hub's clients send over AMQP. Contract: iot-hub, 1.9. */
@Controller
@Consumes(MediaType.ALL)
final class MessageController {
    private final Requests requests;
    private final Time time;
    private final MessageLife life;

    MessageController(Requests requests, Time time, MessageLife life) {
        this.requests = requests;
        this.time = time;
        this.life = life;
    }

    @Post("/devices/{id}/messages/devicebound")
    CompletionStage<HttpResponse<String>> send(
            HttpRequest<?> request, @PathVariable String id, @io.micronaut.core.annotation.Nullable @Body byte[] body) {
        Map<String, String> headers = new LinkedHashMap<>();
        request.getHeaders().forEachValue(headers::put);
        CloudMessage message = Messages.of(headers, body == null ? new byte[0] : body, life.duration(), time.now());
        return requests.device(Devices.id(id, null).text(), new SendMessage(message), MessageQueued.class)
                .thenApply(sent -> {
                    ObjectNode answer = JsonNodeFactory.instance.objectNode();
                    answer.put("messageId", Messages.id(message));
                    answer.put("queued", sent.getQueued());
                    return Answers.ok(answer);
                });
    }

    @Delete("/devices/{id}/commands")
    CompletionStage<HttpResponse<String>> purge(@PathVariable String id) {
        return requests.device(Devices.id(id, null).text(), new PurgeMessages(), MessagesPurged.class)
                .thenApply(done -> {
                    ObjectNode answer = JsonNodeFactory.instance.objectNode();
                    answer.put("totalMessagesPurged", done.getPurged());
                    answer.put("deviceId", id);
                    answer.putNull("moduleId");
                    return Answers.ok(answer);
                });
    }
}
