package io.muster.api.surface.scheduler;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.muster.api.json.JsonBody;
import io.muster.records.BasicCredentials;
import io.muster.records.CallEndpoint;
import io.muster.records.ScheduleDefinition;
import io.muster.records.Timing;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SchedulerSecretsTest {
    private static ObjectNode document(String text) {
        return (ObjectNode) JsonBody.stored(text.replace('\'', '"'));
    }

    @Test
    void hidesEachSpellingOfAuthorizationAndLeavesTheDocumentAsItIs() {
        ObjectNode given =
                document("{'properties':{'action':{'request':{'headers':{'Authorization':'topsecret','x':'y',"
                        + "'authorization':'topsecret'},'authentication':{'type':'Basic','username':'ann','password':'topsecret'}},"
                        + "'errorAction':{'queueMessage':{'queueName':'q','sasToken':'topsecret'}}}}}");
        assertThat(SchedulerSecrets.hidden(given))
                .isEqualTo(document("{'properties':{'action':{'request':{'headers':{'x':'y'},"
                        + "'authentication':{'type':'Basic','username':'ann'}},"
                        + "'errorAction':{'queueMessage':{'queueName':'q'}}}}}"));
        assertThat(given.toString()).contains("topsecret");
    }

    @ParameterizedTest
    @CsvSource({
        "https://h.example.com/a,              true",
        "https://h.example.com/a?other=query,  true",
        "HTTPS://H.example.com/a,              true",
        "https://h.example.com/b,              false",
        "https://h.example.com/a/../b,         false",
        "https://h.example.com/a/,             false",
        "https://h.example.com,                false",
        "http://h.example.com/a,               false",
        "https://h.example.com:8443/a,         false",
        "https://h.example.com.evil.com/a,     false",
        "https://u@h.example.com.evil.com/a,   false",
        "'https://h.example.com /a',           false"
    })
    void restoresSecretsForThePlaceThatTheyWereGivenForAlone(String address, boolean restored) {
        ScheduleDefinition known = ScheduleDefinition.newBuilder()
                .setTiming(new Timing("UTC", null, null, null, null))
                .setAction(new CallEndpoint(
                        "GET",
                        "https://h.example.com/a?x=1",
                        Map.of("Authorization", "topsecret"),
                        null,
                        new BasicCredentials("ann", "topsecret")))
                .build();
        ObjectNode changed = document("{'properties':{'action':{'request':{'uri':'" + address
                + "','authentication':{'type':'Basic','username':'ann'}}}}}");
        assertThat(SchedulerSecrets.restored(changed, known).toString().contains("topsecret"))
                .isEqualTo(restored);
    }
}
