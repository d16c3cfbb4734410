package io.muster.api.surface.iothub;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.micronaut.http.HttpResponse;
import io.micronaut.http.annotation.Controller;
import io.micronaut.http.annotation.Get;
import io.muster.api.http.Answers;
import io.muster.api.job.Requests;
import io.muster.records.DeviceCounts;
import java.util.List;
import java.util.concurrent.CompletionStage;
import java.util.function.ToLongFunction;

/** Returns how many devices there are. Contract: iot-hub, 1.4. */
@Controller
final class StatisticsController {
    private final Requests requests;

    StatisticsController(Requests requests) {
        this.requests = requests;
    }

    @Get("/statistics/devices")
    CompletionStage<HttpResponse<String>> devices() {
        return requests.counts().thenApply(counts -> {
            long total = sum(counts, DeviceCounts::getTotal);
            long enabled = sum(counts, DeviceCounts::getEnabled);
            ObjectNode body = JsonNodeFactory.instance.objectNode();
            body.put("totalDeviceCount", total);
            body.put("enabledDeviceCount", enabled);
            // The Java client reads this member instead.
            body.put("enableDeviceCount", enabled);
            body.put("disabledDeviceCount", total - enabled);
            return Answers.ok(body);
        });
    }

    @Get("/statistics/service")
    CompletionStage<HttpResponse<String>> service() {
        return requests.counts()
                .thenApply(counts -> Answers.ok(JsonNodeFactory.instance
                        .objectNode()
                        .put("connectedDeviceCount", sum(counts, DeviceCounts::getConnected))));
    }

    private static long sum(List<DeviceCounts> counts, ToLongFunction<DeviceCounts> part) {
        return counts.stream().mapToLong(part).sum();
    }
}
