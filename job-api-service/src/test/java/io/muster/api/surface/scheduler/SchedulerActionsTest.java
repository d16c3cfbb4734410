package io.muster.api.surface.scheduler;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.muster.api.json.JsonBody;
import io.muster.records.CallEndpoint;
import io.muster.records.RunSiteJob;
import io.muster.service.endpoint.EndpointAccess;
import io.muster.topics.StreamJobTopics;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SchedulerActionsTest {
    private static final SchedulerReach REACH = new SchedulerReach(EndpointAccess.of(""), StreamJobTopics.of("*"));

    private static Object action(String address, String own) {
        ObjectNode document = JsonNodeFactory.instance.objectNode().put("type", "Https");
        document.putObject("request")
                .put("method", "POST")
                .put("uri", address + "/api/triggeredwebjobs/purge/run?arguments=a");
        return SchedulerActions.of(JsonBody.of(document), own, REACH).action();
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            muster.example.com      | https://muster.example.com/fleet.scm.azurewebsites.net
            muster.example.com      | http://muster.example.com/fleet.scm.azurewebsites.net
            Muster.example.com      | https://MUSTER.example.com:443/fleet.scm.azurewebsites.net
            muster.example.com      | http://muster.example.com:80/fleet.scm.azurewebsites.net
            muster.example.com:443  | https://muster.example.com/fleet.scm.azurewebsites.net
            muster.example.com:8443 | https://muster.example.com:8443/fleet.scm.azurewebsites.net
            [::1]:8443              | https://[::1]:8443/fleet.scm.azurewebsites.net
            [::1]                   | https://[::1]/fleet.scm.azurewebsites.net
            muster.example.com      | https://fleet.scm.muster.example.com
            muster.example.com:8443 | https://fleet.scm.Muster.example.com:8443
            """)
    void runsAWebJobAtOurOwnAddress(String own, String address) {
        assertThat(action(address, own)).isEqualTo(new RunSiteJob("fleet", "purge", "a"));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            muster.example.com      | https://fleet.scm.com
            muster.example.com      | https://fleet.scm.example.com
            muster.example.com      | https://fleet.scm.ter.example.com
            muster.example.com      | https://fleet.scm.e.com
            muster.example.com      | https://fleet.scm.azurewebsites.net
            muster.example.com      | https://fleet.scm.muster.example.com:8443
            muster.example.com:8443 | https://fleet.scm.muster.example.com
            muster.example.com      | https://muster.example.com:8443/fleet.scm.azurewebsites.net
            muster.example.com:8443 | https://muster.example.com/fleet.scm.azurewebsites.net
            muster.example.com:443  | http://muster.example.com/fleet.scm.azurewebsites.net
            muster.example.com      | https://other.example.com/fleet.scm.azurewebsites.net
            ''                      | https://muster.example.com/fleet.scm.azurewebsites.net
            'muster example.com'    | https://muster.example.com/fleet.scm.azurewebsites.net
            """)
    void callsAnotherAddressAsItIs(String own, String address) {
        assertThat(action(address, own))
                .isInstanceOfSatisfying(
                        CallEndpoint.class, call -> assertThat(call.getUri()).startsWith(address));
    }
}
