package io.muster.api.surface.scheduler;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.muster.api.json.JsonBody;
import org.junit.jupiter.api.Test;

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
}
