package io.muster.node.wire;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.muster.node.work.Report;
import io.muster.node.work.Token;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;

/** Writes reports. */
public final class ReportWriter {
    private ReportWriter() {}

    /** Returns reports as a list in JSON, up to the first that makes it longer than so many bytes; the first of all in any case. */
    public static Written list(Iterable<Report> reports, int mostBytes) {
        ByteArrayOutputStream list = new ByteArrayOutputStream();
        int count = 0;
        for (Report report : reports) {
            byte[] json = json(report).getBytes(StandardCharsets.UTF_8);
            if (count > 0 && list.size() + json.length >= mostBytes) {
                break;
            }
            list.write(count == 0 ? '[' : ',');
            list.writeBytes(json);
            count++;
        }
        list.write(']');
        return new Written(count, list.toByteArray());
    }

    /** Holds a list of reports. @param count how many are in it */
    public record Written(int count, byte[] json) {}

    private static String json(Report report) {
        ObjectNode json = JsonNodeFactory.instance.objectNode();
        switch (report) {
            case Report.Node node -> {
                json.put("type", "node")
                        .put("number", node.number())
                        .put("boot", node.boot())
                        .put("slots", node.facts().slots())
                        .put("address", node.facts().address());
                ArrayNode capabilities = json.putArray("capabilities");
                node.facts().capabilities().forEach(capabilities::add);
                ArrayNode holding = json.putArray("holding");
                node.holding().forEach(token -> holding.add(token(token)));
            }
            case Report.Started(Token token) -> json.put("type", "started").set("token", token(token));
            case Report.Coordinated(Token token) ->
                json.put("type", "coordinated").set("token", token(token));
            case Report.Exited exited ->
                json.put("type", "exited")
                        .put("code", exited.ending().code())
                        .put("cause", exited.ending().cause().name())
                        .put("detail", exited.ending().detail())
                        .set("token", token(exited.token()));
        }
        return json.toString();
    }

    private static ObjectNode token(Token token) {
        return JsonNodeFactory.instance
                .objectNode()
                .put("taskId", token.taskId())
                .put("placement", token.placement());
    }
}
