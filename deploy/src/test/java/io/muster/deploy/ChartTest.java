package io.muster.deploy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.gson.JsonObject;
import com.marcnuri.helm.Helm;
import com.marcnuri.helm.LintResult;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The chart, rendered by Helm itself. */
class ChartTest {
    private static final List<String> SERVICES = List.of("planner", "processor", "gateway", "api");

    @Test
    void isClean() {
        LintResult lint = new Helm(Manifests.CHART).lint().strict().call();
        assertThat(lint.getMessages()).noneMatch(message -> message.contains("ERROR") || message.contains("WARNING"));
        assertThat(lint.isFailed()).isFalse();
    }

    @Test
    void runsTheFourServicesByDefault() throws IOException {
        Manifests manifests = Manifests.of();
        assertThat(manifests.kinds())
                .containsExactlyInAnyOrder(
                        "ServiceAccount", "ConfigMap", "Service", "StatefulSet", "PodDisruptionBudget", "Job");
        for (String service : SERVICES) {
            manifests.get("StatefulSet/muster-" + service);
            manifests.get("PodDisruptionBudget/muster-" + service);
        }
        Map<String, String> gateway = Manifests.environment(manifests.pods().get("StatefulSet/muster-gateway"));
        assertThat(gateway)
                .containsEntry("MUSTER_HUB_HOSTS", "hub.example.com")
                .containsEntry("MUSTER_KAFKA_BOOTSTRAP_SERVERS", "broker:9093");
        assertThat(gateway.get("MUSTER_GATEWAY_ORDINAL")).contains("apps.kubernetes.io/pod-index");
        assertThat(manifests.get("Job/muster-topics").toString()).contains("\"was.hook\":\"pre-install,pre-upgrade\"");
    }

    /** Each switch is rendered and read by itself. */
    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            nameOverride=fleet                                                  | StatefulSet/fleet-gateway
            tls.certManager.enabled=true tls.certManager.issuer.name=letters    | Certificate/muster-tls
            tls.trust=system                                                    | StatefulSet/muster-api
            registry.bundled.enabled=true                                       | Deployment/muster-registry
            registry.bundled.enabled=true                                       | Job/muster-topics-1
            registry.secret=r registry.caSecret=rca                             | StatefulSet/muster-api
            strimzi.enabled=true                                                | KafkaUser/muster-planner
            strimzi.enabled=true                                                | KafkaTopic/device-job-events
            strimzi.enabled=true registry.bundled.enabled=true                  | KafkaNodePool/muster-brokers
            strimzi.enabled=true                                                | Job/muster-topics-1
            kafka.auth=mtls                                                     | StatefulSet/muster-planner
            kafka.auth=none kafka.tls.enabled=false                             | StatefulSet/muster-planner
            kafka.tls.caSecret=ca                                               | StatefulSet/muster-planner
            planner.kafkaSecret=own                                             | StatefulSet/muster-planner
            planner.persistence.enabled=false processor.persistence.enabled=false | StatefulSet/muster-planner
            planner.persistence.storageClass=fast strimzi.enabled=true strimzi.storage.storageClass=fast | Kafka/muster
            planner.hpa.enabled=true processor.hpa.enabled=true                 | HorizontalPodAutoscaler/muster-planner
            gateway.hpa.enabled=true api.hpa.enabled=true                       | HorizontalPodAutoscaler/muster-gateway
            planner.keda.enabled=true processor.keda.enabled=true planner.keda.authentication=k | ScaledObject/muster-planner
            processor.referenceClaim=files                                      | StatefulSet/muster-processor
            gateway.devicesCaSecret=devices gateway.service.type=ClusterIP      | Service/muster-gateway
            gateway.service.loadBalancerSourceRanges[0]=10.0.0.0/8              | Service/muster-gateway
            api.ingress.enabled=true api.ingress.className=nginx                | Ingress/muster-api
            api.throttle.jobs=5                                                 | StatefulSet/muster-api
            networkPolicy.enabled=true networkPolicy.monitoringNamespace.team=ops | NetworkPolicy/muster-api
            monitoring.serviceMonitor.enabled=true                              | ServiceMonitor/muster
            monitoring.rules.enabled=true                                       | PrometheusRule/muster
            monitoring.dashboards.enabled=true                                  | ConfigMap/muster-dashboards
            oidc.issuer=https://id oidc.audience=muster oidc.caSecret=ca        | StatefulSet/muster-api
            traces.endpoint=http://c:4318/v1/traces traces.share=0.5 networkPolicy.enabled=true | NetworkPolicy/muster-planner
            oidc.issuer=https://id oidc.audience=muster networkPolicy.enabled=true | NetworkPolicy/muster-api
            image.pullSecrets[0]=pull                                           | Job/muster-topics
            topics.provision=false                                              | StatefulSet/muster-api
            topics.grow=true                                                    | Job/muster-grow
            topics.grow=true strimzi.enabled=true                               | Job/muster-grow
            planner.extraEnv[0].name=MUSTER_X planner.extraEnv[0].value=y planner.nodeSelector.disk=ssd | StatefulSet/muster-planner
            """)
    void rendersEachSwitch(String values, String wanted) throws IOException {
        Manifests manifests = Manifests.of(values.split(" "));
        manifests.get(wanted);
        manifests.pods().forEach(ChartTest::isRestricted);
    }

    /** As the pod security standard "restricted" has it, and a root that can't be written. */
    private static void isRestricted(String id, JsonObject pod) {
        JsonObject security = Manifests.at(pod, "securityContext");
        assertThat(security.get("runAsNonRoot").getAsBoolean()).as(id).isTrue();
        assertThat(security.get("runAsUser").getAsInt()).isEqualTo(10001);
        assertThat(Manifests.at(security, "seccompProfile").get("type").getAsString())
                .isEqualTo("RuntimeDefault");
        JsonObject container = Manifests.at(Manifests.container(pod), "securityContext");
        assertThat(container.get("allowPrivilegeEscalation").getAsBoolean()).isFalse();
        assertThat(container.get("readOnlyRootFilesystem").getAsBoolean()).isTrue();
        assertThat(Manifests.at(container, "capabilities").get("drop").toString())
                .isEqualTo("[\"ALL\"]");
        assertThat(pod.get("automountServiceAccountToken").getAsBoolean()).isFalse();
        assertThat(Manifests.at(Manifests.container(pod), "resources").has("limits"))
                .isTrue();
        List<String> volumes = Manifests.names(pod, "volumes");
        assertThat(volumes).doesNotHaveDuplicates();
        List<String> mounts = Manifests.names(Manifests.container(pod), "volumeMounts");
        mounts.removeAll(volumes);
        assertThat(mounts)
                .as("what is mounted is there, or is a claim of the set")
                .isSubsetOf("state");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            hub.hosts[0]=                                      | hub.hosts is missing
            kafka.bootstrapServers=                            | kafka.bootstrapServers is missing
            registry.url=                                      | registry.url is missing
            tls.existingSecret=                                | tls.existingSecret is missing
            tls.certManager.enabled=true                       | tls.certManager.issuer.name is missing
            gateway.replicas=17                                | gateway.replicas is at most topics.partitions.gateways
            api.hpa.enabled=true api.hpa.maxReplicas=17        | api.hpa.maxReplicas is at most
            planner.hpa.enabled=true planner.keda.enabled=true | either hpa or keda
            registry.bundled.enabled=true kafka.auth=mtls      | wants a key store of its own
            kafka.auth=plain                                   | kafka
            oidc.issuer=https://id                             | oidc.audience is missing
            traces.share=2                                     | traces
            planer.replicas=3                                  | planer
            """)
    void refusesWhatCantWork(String values, String why) {
        assertThatThrownBy(() -> Manifests.template(values.split(" "))).hasMessageContaining(why);
    }

    /** These files are what SecureKafkaTest connects with. With {@code -Dchart.record=true} they are written anew. */
    @ParameterizedTest
    @CsvSource({"scram, kafka.auth=scram", "mtls, kafka.auth=mtls", "tls, kafka.auth=none", "mtls, strimzi.enabled=true"
    })
    void clientPropertiesAreThoseThatWereTried(String file, String value) throws IOException {
        Manifests manifests = Manifests.of(value, "kafka.tls.caSecret=ca");
        String text = Manifests.at(manifests.get("ConfigMap/muster-config"), "data")
                .get("kafka.properties")
                .getAsString();
        Path golden = Path.of("src/test/resources/kafka", file + ".properties");
        if (Boolean.getBoolean("chart.record")) {
            Files.writeString(golden, text);
        }
        assertThat(text).isEqualTo(Files.readString(golden));
    }
}
