package io.muster.deploy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.gson.JsonObject;
import com.marcnuri.helm.Helm;
import com.marcnuri.helm.LintResult;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Renders the chart by Helm itself. */
class ChartTest {
    private static final String PREFERRED = ".affinity.nodeAffinity.preferredDuringSchedulingIgnoredDuringExecution[0]";
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
                        "ServiceAccount", "ConfigMap", "Service", "StatefulSet", "PodDisruptionBudget", "Job", "Pod");
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

    /** Renders each switch, and reads it by itself. */
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
            topics.prefix=plant-1. planner.keda.enabled=true                    | ScaledObject/muster-planner
            topics.prefix=plant-1. strimzi.enabled=true                         | KafkaTopic/plant-1.device-job-events
            monitoring.rules.enabled=true monitoring.rules.runbooks=https://runbooks/muster | PrometheusRule/muster
            planner.podDisruptionBudget.minAvailable=50% api.podDisruptionBudget.enabled=false | PodDisruptionBudget/muster-planner
            planner.extraEnv[0].name=MUSTER_X planner.extraEnv[0].value=y planner.nodeSelector.disk=ssd | StatefulSet/muster-planner
            node.replicas=2                                                     | StatefulSet/muster-node
            node.replicas=2                                                     | Service/muster-node-pods
            node.replicas=2 node.podDisruptionBudget.minAvailable=1             | PodDisruptionBudget/muster-node
            node.replicas=2 node.persistence.enabled=false                      | StatefulSet/muster-node
            node.replicas=1 node.persistence.storageClass=fast strimzi.enabled=true | StatefulSet/muster-node
            node.replicas=1 tls.trust=system node.caSecret=public               | StatefulSet/muster-node
            node.replicas=1 networkPolicy.enabled=true node.egress[0].ports[0].port=443 | NetworkPolicy/muster-node
            """)
    void rendersEachSwitch(String values, String wanted) throws IOException {
        Manifests manifests = Manifests.of(values.split(" "));
        manifests.get(wanted);
        manifests.pods().forEach(ChartTest::isRestricted);
    }

    /** Limits addresses, of which a whole fleet behind an ingress has one. */
    @ParameterizedTest
    @CsvSource({
        "hub.hosts[0]=hub.example.com, 1000",
        "api.ingress.enabled=true, 100000",
        "api.connectionsPerAddress=20, 20",
    })
    void allowsAnAddressAsManyConnectionsAsStandBehindIt(String value, String connections) throws IOException {
        assertThat(Manifests.environment(Manifests.of(value).pods().get("StatefulSet/muster-api")))
                .containsEntry("MUSTER_REST_CONNECTIONS_PER_ADDRESS", connections);
    }

    /** Limits no ingress's address, from which all devices over WebSockets come. */
    @ParameterizedTest
    @CsvSource({"api.ingress.enabled=false, false", "api.ingress.enabled=true, true"})
    void keepsOtherDevicesConnectedWhenOneBehindTheIngressIsWrong(String value, boolean unlimited) throws IOException {
        Map<String, String> gateway =
                Manifests.environment(Manifests.of(value).pods().get("StatefulSet/muster-gateway"));
        assertThat("0".equals(gateway.get("MUSTER_MQTT_PROXIED_REFUSALS_PER_ADDRESS")))
                .isEqualTo(unlimited);
        assertThat("100000".equals(gateway.get("MUSTER_MQTT_PROXIED_CONNECTS_PER_ADDRESS")))
                .isEqualTo(unlimited);
        assertThat(gateway)
                .as("the port that devices connect to themselves keeps its limits")
                .doesNotContainKeys("MUSTER_MQTT_REFUSALS_PER_ADDRESS", "MUSTER_MQTT_CONNECTS_PER_ADDRESS");
    }

    /** Compares the port in the API's tunnel, the service, the container, the gateway and the network policy, each of which names it by itself. */
    @Test
    void leadsTheTunnelToTheGatewaysProxiedPort() throws IOException {
        Manifests manifests = Manifests.of("networkPolicy.enabled=true");
        String[] gateway = Manifests.environment(manifests.pods().get("StatefulSet/muster-api"))
                .get("MUSTER_WEBSOCKET_GATEWAY")
                .split(":");
        JsonObject pod = manifests.pods().get("StatefulSet/muster-gateway");
        assertThat(gateway[1]).isEqualTo(Manifests.environment(pod).get("MUSTER_MQTT_PROXIED_PORT"));
        assertThat(Manifests.container(pod).get("ports").toString()).contains("\"containerPort\":" + gateway[1]);
        String name = gateway[0].split("\\.")[0];
        assertThat(manifests.get("Service/" + name).toString())
                .contains("\"port\":" + gateway[1])
                .contains("\"targetPort\":\"mqtts-proxied\"");
        assertThat(manifests.all().entrySet().stream()
                        .filter(entry -> entry.getKey().startsWith("NetworkPolicy/"))
                        .filter(entry -> entry.getValue().toString().contains("\"port\":" + gateway[1])))
                .as("policies that let it through")
                .isNotEmpty();
    }

    /** Leaves memory beside the heap, 65 % of the limit ({@code ServiceImage}), to the processes of users' functions. */
    @Test
    void givesTheProcessorMemoryForFunctions() throws IOException {
        JsonObject pod = Manifests.of().pods().get("StatefulSet/muster-processor");
        String limit = Manifests.at(Manifests.container(pod), "resources", "limits")
                .get("memory")
                .getAsString();
        assertThat(limit).isEqualTo("1Gi");
        int processes = Integer.parseInt(Manifests.environment(pod).get("MUSTER_FUNCTIONS_PROCESSES"));
        assertThat(1024 * 65 / 100 + 150 * processes).isLessThanOrEqualTo(1024);
    }

    /** Gives a service the minute that it may take to end ({@code ServiceProgram}). */
    @Test
    void givesPodsTimeToEnd() throws IOException {
        Map<String, JsonObject> pods = Manifests.of().pods();
        for (String service : SERVICES) {
            assertThat(pods.get("StatefulSet/muster-" + service)
                            .get("terminationGracePeriodSeconds")
                            .getAsInt())
                    .as(service)
                    .isGreaterThan(60);
        }
    }

    /** Gives a node the time in which its programs end, it reports that, and its watchdog ends ({@code ComputeNode}, {@code Watchdog}). */
    @Test
    void givesNodesTimeToEndTheirPrograms() throws IOException {
        assertThat(node("node.replicas=1").get("terminationGracePeriodSeconds").getAsInt())
                .isGreaterThan(10 + 10 + 2 + 20);
    }

    private static JsonObject node(String... values) throws IOException {
        return Manifests.of(values).pods().get("StatefulSet/muster-node");
    }

    @Test
    void runsNoNodesByDefault() throws IOException {
        assertThat(Manifests.of("networkPolicy.enabled=true").all().keySet())
                .noneMatch(manifest -> manifest.contains("-node"));
    }

    @Test
    void registersEachNodeUnderTheNameOfItsPod() throws IOException {
        Manifests manifests = Manifests.of("node.replicas=3", "node.pool=plant", "node.slots=4");
        assertThat(Manifests.at(manifests.get("StatefulSet/muster-node"), "spec")
                        .get("replicas")
                        .getAsInt())
                .isEqualTo(3);
        JsonObject pod = manifests.pods().get("StatefulSet/muster-node");
        JsonObject registers = Manifests.containers(pod).getFirst();
        assertThat(registers.get("command").toString()).contains("\"io.muster.node.Registration\"");
        Map<String, String> registration = Manifests.environmentOf(registers);
        assertThat(registration.get("MUSTER_DEVICE_ID")).contains("\"fieldPath\":\"metadata.name\"");
        assertThat(registration)
                .containsEntry("MUSTER_POOL", "plant")
                .containsEntry("MUSTER_HUB_HOST", "hub.example.com");
        Map<String, String> node = Manifests.environment(pod);
        assertThat(node)
                .containsEntry("MUSTER_SLOTS", "4")
                .containsEntry("MUSTER_PORT", "8883")
                .containsEntry("MUSTER_REST_URL", "https://hub.example.com:8443")
                .containsEntry("MUSTER_CONNECTION_STRING_FILE", registration.get("MUSTER_CONNECTION_STRING_FILE"));
        assertThat(node.get("MUSTER_DATA_DIR")).startsWith("/var/lib/muster/");
        assertThat(Manifests.container(pod).get("volumeMounts").toString())
                .contains("\"name\":\"state\",\"mountPath\":\"/var/lib/muster\"");
    }

    /** Keeps from programs of tasks, which run as the node's user, the policy that registers devices and the key of the hub's certificate. */
    @Test
    void showsProgramsNoKeyButTheirNodes() throws IOException {
        JsonObject pod = node("node.replicas=1");
        assertThat(Manifests.names(Manifests.container(pod), "volumeMounts"))
                .containsExactlyInAnyOrder("tmp", "ca", "identity", "state");
        Map<String, JsonObject> volumes = new LinkedHashMap<>();
        pod.getAsJsonArray("volumes")
                .forEach(volume ->
                        volumes.put(volume.getAsJsonObject().get("name").getAsString(), volume.getAsJsonObject()));
        assertThat(Manifests.at(volumes.get("ca"), "secret").get("items").toString())
                .isEqualTo("[{\"key\":\"ca.crt\",\"path\":\"ca.crt\"}]");
        assertThat(volumes.get("identity").has("emptyDir")).isTrue();
        assertThat(Manifests.at(volumes.get("policies"), "secret")
                        .get("secretName")
                        .getAsString())
                .isEqualTo("muster-nodes");
        assertThat(Manifests.environment(pod)).doesNotContainKey("MUSTER_POLICIES_FILE");
    }

    @Test
    void reachesTheHubByTheNamesThatAreGiven() throws IOException {
        JsonObject pod = node(
                "node.replicas=1",
                "gateway.service.port=18883",
                "node.host=gateway.fleet.svc",
                "node.restUrl=https://api.fleet.svc:8443",
                "node.caSecret=inside",
                "node.image=registry.example.com/nodes:7");
        assertThat(Manifests.environmentOf(Manifests.containers(pod).getFirst()))
                .containsEntry("MUSTER_HUB_HOST", "hub.example.com")
                .containsEntry("MUSTER_HOST", "gateway.fleet.svc")
                .containsEntry("MUSTER_REST_URL", "https://api.fleet.svc:8443");
        assertThat(Manifests.environment(pod))
                .containsEntry("MUSTER_PORT", "18883")
                .containsEntry("MUSTER_REST_URL", "https://api.fleet.svc:8443");
        assertThat(pod.get("volumes").toString()).contains("\"secretName\":\"inside\"");
        assertThat(Manifests.container(pod).get("image").getAsString()).isEqualTo("registry.example.com/nodes:7");
        assertThat(Manifests.containers(pod).getFirst().get("image").getAsString())
                .as("the policy's key is for the chart's own image")
                .isEqualTo("muster/compute-node:0.1.0-SNAPSHOT");
    }

    @ParameterizedTest
    @CsvSource({
        "api.ingress.enabled=false, https://hub.example.com:8443",
        "api.ingress.enabled=true, https://hub.example.com:443"
    })
    void fetchesFilesWhereTheApiAnswers(String value, String address) throws IOException {
        assertThat(Manifests.environment(node("node.replicas=1", value))).containsEntry("MUSTER_REST_URL", address);
    }

    @Test
    void letsProgramsReachGatewayAndApiAndNobodyReachThem() throws IOException {
        JsonObject policy = Manifests.at(
                Manifests.of(
                                "node.replicas=1",
                                "networkPolicy.enabled=true",
                                "node.egress[0].to[0].ipBlock.cidr=10.1.0.0/16")
                        .get("NetworkPolicy/muster-node"),
                "spec");
        assertThat(policy.get("policyTypes").toString()).isEqualTo("[\"Ingress\",\"Egress\"]");
        assertThat(policy.getAsJsonArray("ingress")).isEmpty();
        List<String> reached = new ArrayList<>();
        policy.getAsJsonArray("egress").forEach(rule -> reached.add(rule.toString()));
        assertThat(reached).hasSize(4);
        assertThat(reached.get(0)).contains("\"port\":53");
        assertThat(reached.get(1)).contains("\"port\":8883", "\"app.kubernetes.io/component\":\"gateway\"");
        assertThat(reached.get(2)).contains("\"port\":8443", "\"app.kubernetes.io/component\":\"api\"");
        assertThat(reached.get(3)).contains("10.1.0.0/16");
    }

    /** Checks the pod security standard "restricted", and a root that can't be written. */
    private static void isRestricted(String id, JsonObject pod) {
        JsonObject security = Manifests.at(pod, "securityContext");
        assertThat(security.get("runAsNonRoot").getAsBoolean()).as(id).isTrue();
        assertThat(security.get("runAsUser").getAsInt()).isEqualTo(10001);
        assertThat(Manifests.at(security, "seccompProfile").get("type").getAsString())
                .isEqualTo("RuntimeDefault");
        assertThat(pod.get("automountServiceAccountToken").getAsBoolean()).isFalse();
        List<String> volumes = Manifests.names(pod, "volumes");
        assertThat(volumes).doesNotHaveDuplicates();
        for (JsonObject of : Manifests.containers(pod)) {
            JsonObject container = Manifests.at(of, "securityContext");
            assertThat(container.get("allowPrivilegeEscalation").getAsBoolean()).isFalse();
            assertThat(container.get("readOnlyRootFilesystem").getAsBoolean()).isTrue();
            assertThat(Manifests.at(container, "capabilities").get("drop").toString())
                    .isEqualTo("[\"ALL\"]");
            assertThat(Manifests.at(of, "resources").has("limits")).isTrue();
            List<String> mounts = Manifests.names(of, "volumeMounts");
            mounts.removeAll(volumes);
            assertThat(mounts)
                    .as("each mounted volume is there, or is a claim of the set")
                    .isSubsetOf("state");
        }
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
            topics.prefix=plant                                | topics
            topics.prefix=muster-job-planner.                  | topics
            image.digests.job-api-service=sha256:1             | digests
            image.digests.api=sha256:1                         | digests
            node.replicas=1 tls.trust=system                   | node.caSecret is missing
            node.replicas=-1                                   | node
            node.slots=1025                                    | node
            node.pool=a/b                                      | node
            node.restUrl=http://hub                            | node
            """)
    void refusesWhatCantWork(String values, String why) {
        assertThatThrownBy(() -> Manifests.template(values.split(" "))).hasMessageContaining(why);
    }

    /** Covers all that makes pods: a node pool, an identity, a registry with a password are no use to three of six. */
    @Test
    void schedulesEveryPodWhereItIsSent() throws IOException {
        List<String> values = new ArrayList<>(List.of(
                "registry.bundled.enabled=true",
                "node.replicas=1",
                "image.pullSecrets[0]=pull",
                "serviceAccount.name=fleet-identity",
                "serviceAccount.create=false",
                "podSecurityContext.runAsUser=null",
                "podSecurityContext.supplementalGroups[0]=7",
                "containerSecurityContext.privileged=false"));
        for (String of : List.of("planner", "processor", "gateway", "api", "node", "topics.job", "registry.bundled")) {
            values.addAll(List.of(
                    of + ".nodeSelector.pool=muster",
                    of + ".tolerations[0].key=dedicated",
                    of + ".tolerations[0].operator=Exists",
                    of + PREFERRED + ".weight=1",
                    of + PREFERRED + ".preference.matchExpressions[0].key=pool",
                    of + PREFERRED + ".preference.matchExpressions[0].operator=Exists",
                    of + ".priorityClassName=high"));
        }
        Manifests manifests = Manifests.of(values.toArray(String[]::new));
        assertThat(manifests.kinds()).doesNotContain("ServiceAccount");
        assertThat(manifests.pods()).hasSize(8).allSatisfy((id, pod) -> {
            assertThat(Manifests.at(pod, "nodeSelector").get("pool").getAsString())
                    .as(id)
                    .isEqualTo("muster");
            assertThat(pod.getAsJsonArray("tolerations").toString()).contains("dedicated");
            assertThat(pod.has("affinity")).isTrue();
            assertThat(pod.get("priorityClassName").getAsString()).isEqualTo("high");
            assertThat(Manifests.names(pod, "imagePullSecrets")).containsExactly("pull");
            assertThat(pod.get("serviceAccountName").getAsString()).isEqualTo("fleet-identity");
            JsonObject security = Manifests.at(pod, "securityContext");
            assertThat(security.has("runAsUser")).isFalse();
            assertThat(security.get("runAsNonRoot").getAsBoolean()).isTrue();
            assertThat(security.has("supplementalGroups")).isTrue();
            assertThat(Manifests.at(Manifests.container(pod), "securityContext").has("privileged"))
                    .isTrue();
        });
    }

    /** Runs the hook before the chart's account is there. */
    @Test
    void runsTheTopicsHookWithoutAServiceAccount() throws IOException {
        Manifests manifests = Manifests.of("serviceAccount.annotations.role=writer");
        assertThat(manifests.pods().get("Job/muster-topics").has("serviceAccountName"))
                .isFalse();
        assertThat(manifests
                        .pods()
                        .get("StatefulSet/muster-api")
                        .get("serviceAccountName")
                        .getAsString())
                .isEqualTo("muster");
        assertThat(manifests.get("ServiceAccount/muster").toString()).contains("\"role\":\"writer\"");
    }

    @Test
    void addsFieldsToPods() throws IOException {
        JsonObject pod = Manifests.of(
                        "api.extraVolumes[0].name=more",
                        "api.extraVolumes[0].emptyDir.medium=Memory",
                        "api.extraVolumeMounts[0].name=more",
                        "api.extraVolumeMounts[0].mountPath=/more",
                        "api.extraEnvFrom[0].configMapRef.name=settings",
                        "api.terminationGracePeriodSeconds=120",
                        "probes.startup.failureThreshold=300",
                        "api.topologySpreadConstraints[0].maxSkew=2",
                        "api.topologySpreadConstraints[0].topologyKey=zone",
                        "api.topologySpreadConstraints[0].whenUnsatisfiable=DoNotSchedule",
                        "image.digests.job-api-service=sha256:" + "a".repeat(64))
                .pods()
                .get("StatefulSet/muster-api");
        isRestricted("api", pod);
        assertThat(Manifests.names(pod, "volumes")).contains("more", "tls", "kafka");
        assertThat(Manifests.names(Manifests.container(pod), "volumeMounts")).contains("more");
        assertThat(Manifests.container(pod).get("envFrom").toString()).contains("settings");
        assertThat(pod.get("terminationGracePeriodSeconds").getAsInt()).isEqualTo(120);
        assertThat(pod.getAsJsonArray("topologySpreadConstraints").toString())
                .contains("zone")
                .doesNotContain("hostname");
        JsonObject probe = Manifests.at(Manifests.container(pod), "startupProbe");
        assertThat(probe.get("failureThreshold").getAsInt()).isEqualTo(300);
        assertThat(probe.toString()).contains("/health/live");
        assertThat(Manifests.container(pod).get("image").getAsString())
                .isEqualTo("muster/job-api-service@sha256:" + "a".repeat(64));
    }

    @Test
    void drainsWithoutADisruptionBudget() throws IOException {
        Manifests manifests = Manifests.of(
                "planner.replicas=1",
                "api.podDisruptionBudget.enabled=false",
                "gateway.podDisruptionBudget.minAvailable=1");
        JsonObject planner = Manifests.at(manifests.get("PodDisruptionBudget/muster-planner"), "spec");
        assertThat(planner.get("maxUnavailable").getAsInt()).isEqualTo(1);
        assertThat(planner.has("minAvailable")).isFalse();
        assertThat(Manifests.at(manifests.get("PodDisruptionBudget/muster-gateway"), "spec")
                        .get("minAvailable")
                        .getAsInt())
                .isEqualTo(1);
        assertThat(manifests.all()).doesNotContainKey("PodDisruptionBudget/muster-api");
    }

    @Test
    void putsThePrefixIntoEveryNameOnKafka() throws IOException {
        Manifests manifests =
                Manifests.of("topics.prefix=plant-1.", "strimzi.enabled=true", "planner.keda.enabled=true");
        manifests.pods().forEach((id, pod) -> {
            if (!id.startsWith("Pod/")) {
                assertThat(Manifests.environment(pod)).as(id).containsEntry("MUSTER_TOPICS_PREFIX", "plant-1.");
            }
        });
        manifests.all().forEach((id, manifest) -> {
            if (id.startsWith("KafkaTopic/")) {
                assertThat(id).startsWith("KafkaTopic/plant-1.");
            }
        });
        for (String user : SERVICES) {
            Manifests.at(manifests.get("KafkaUser/muster-" + user), "spec", "authorization")
                    .getAsJsonArray("acls")
                    .forEach(acl -> {
                        JsonObject resource = Manifests.at(acl.getAsJsonObject(), "resource");
                        if (resource.has("name")
                                && !resource.get("name").getAsString().equals("*")) {
                            assertThat(resource.get("name").getAsString())
                                    .as(user)
                                    .startsWith("plant-1.");
                        }
                    });
        }
        JsonObject scaled = Manifests.at(manifests.get("ScaledObject/muster-planner"), "spec");
        scaled.getAsJsonArray("triggers").forEach(trigger -> {
            JsonObject metadata = Manifests.at(trigger.getAsJsonObject(), "metadata");
            assertThat(metadata.get("consumerGroup").getAsString()).isEqualTo("plant-1.muster-job-planner");
            assertThat(metadata.get("topic").getAsString()).startsWith("plant-1.");
        });
    }

    /** Finds targets by labels that the monitor copies: a release may have any name. */
    @Test
    void findsTheTargetsOfItsReleaseByAlerts() throws IOException {
        Manifests manifests = Manifests.ofInstall(
                "north",
                "plants",
                List.of(
                        "kafka.bootstrapServers=broker:9093",
                        "registry.url=https://registry",
                        "hub.hosts[0]=hub.example.com",
                        "tls.existingSecret=hub-tls",
                        "monitoring.serviceMonitor.enabled=true",
                        "monitoring.rules.enabled=true",
                        "monitoring.rules.runbooks=https://runbooks.example.com/muster"));
        JsonObject monitor = Manifests.at(manifests.get("ServiceMonitor/north"), "spec");
        assertThat(monitor.get("targetLabels").toString())
                .contains("app.kubernetes.io/name", "app.kubernetes.io/instance", "app.kubernetes.io/component");
        assertThat(monitor.getAsJsonArray("endpoints")
                        .get(0)
                        .getAsJsonObject()
                        .get("honorLabels")
                        .getAsBoolean())
                .as("alerts read the label service of the metrics, not that of the target")
                .isTrue();
        Map<String, JsonObject> alerts = new LinkedHashMap<>();
        Manifests.at(manifests.get("PrometheusRule/north"), "spec")
                .getAsJsonArray("groups")
                .forEach(group -> group.getAsJsonObject()
                        .getAsJsonArray("rules")
                        .forEach(rule ->
                                alerts.put(rule.getAsJsonObject().get("alert").getAsString(), rule.getAsJsonObject())));
        String down = alerts.get("MusterServiceDown").get("expr").getAsString();
        String release =
                "app_kubernetes_io_name=\"muster\", app_kubernetes_io_instance=\"north\", namespace=\"plants\"";
        assertThat(down).startsWith("up{" + release + "} == 0");
        for (String service : SERVICES) {
            assertThat(down).contains("absent(up{" + release + ", app_kubernetes_io_component=\"" + service + "\"})");
            assertThat(Manifests.at(manifests.get("Service/north-" + service + "-pods"), "metadata", "labels")
                            .toString())
                    .contains(
                            "\"app.kubernetes.io/component\":\"" + service + "\"",
                            "\"app.kubernetes.io/instance\":\"north\"");
        }
        alerts.forEach((name, alert) -> assertThat(
                        Manifests.at(alert, "annotations").get("runbook_url").getAsString())
                .isEqualTo("https://runbooks.example.com/muster#" + name.toLowerCase(Locale.ROOT)));
    }

    /** Renders the files that SecureKafkaTest connects with. With {@code -Dchart.record=true} they are written anew. */
    @ParameterizedTest
    @CsvSource({"scram, kafka.auth=scram", "mtls, kafka.auth=mtls", "tls, kafka.auth=none", "mtls, strimzi.enabled=true"
    })
    void writesTheTestedClientProperties(String file, String value) throws IOException {
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
