package io.muster.api.http;

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
import io.muster.api.job.Requests;
import io.muster.api.json.Devices;
import io.muster.api.json.Messages;
import io.muster.records.CloudMessage;
import io.muster.records.MessageQueued;
import io.muster.records.MessagesPurged;
import io.muster.records.PurgeMessages;
import io.muster.records.SendMessage;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/** Messages to devices. Sending is our own: IoT Hub's clients send over AMQP. Contract: iot-hub, 1.9. */
@Controller
@Consumes(MediaType.ALL)
final class MessageController {
    private final Requests requests;
    private final Time time;
    private final Life life;

    /** How long messages live whose senders don't say. */
    record Life(Duration duration) {}

    MessageController(Requests requests, Time time, Life life) {
        this.requests = requests;
        this.time = time;
        this.life = life;
    }

    @Post("/devices/{id}/messages/devicebound")
    CompletionStage<HttpResponse<String>> send(
            HttpRequest<?> request, @PathVariable String id, @Body byte @Nullable [] body) {
        Map<String, String> headers = new LinkedHashMap<>();
        request.getHeaders().forEachValue(headers::put);
        CloudMessage message = Messages.of(headers, body == null ? new byte[0] : body, life.duration(), time.now());
        return requests.device(Devices.id(id, null).text(), new SendMessage(message), RegistryController.LIMIT)
                .thenApply(outcome -> {
                    RegistryController.rejectRefusal(outcome);
                    ObjectNode answer = JsonNodeFactory.instance.objectNode();
                    answer.put("messageId", Messages.id(message));
                    answer.put("queued", ((MessageQueued) outcome).getQueued());
                    return Answers.ok(answer);
                });
    }

    @Delete("/devices/{id}/commands")
    CompletionStage<HttpResponse<String>> purge(@PathVariable String id) {
        return requests.device(Devices.id(id, null).text(), new PurgeMessages(), RegistryController.LIMIT)
                .thenApply(outcome -> {
                    RegistryController.rejectRefusal(outcome);
                    ObjectNode answer = JsonNodeFactory.instance.objectNode();
                    answer.put("totalMessagesPurged", ((MessagesPurged) outcome).getPurged());
                    answer.put("deviceId", id);
                    answer.putNull("moduleId");
                    return Answers.ok(answer);
                });
    }
}
