package io.muster.deploy;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.Gson;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.marcnuri.helm.Helm;
import com.marcnuri.helm.TemplateCommand;
import io.kubernetes.client.openapi.models.V1ConfigMap;
import io.kubernetes.client.openapi.models.V1Deployment;
import io.kubernetes.client.openapi.models.V1Ingress;
import io.kubernetes.client.openapi.models.V1Job;
import io.kubernetes.client.openapi.models.V1NetworkPolicy;
import io.kubernetes.client.openapi.models.V1Pod;
import io.kubernetes.client.openapi.models.V1PodDisruptionBudget;
import io.kubernetes.client.openapi.models.V1Service;
import io.kubernetes.client.openapi.models.V1ServiceAccount;
import io.kubernetes.client.openapi.models.V1StatefulSet;
import io.kubernetes.client.openapi.models.V2HorizontalPodAutoscaler;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.Yaml;
import org.yaml.snakeyaml.constructor.SafeConstructor;

/** Holds the chart's manifests, read as strictly as an API server reads them: no unknown field, none twice. */
record Manifests(Map<String, JsonObject> all) {
    static final Path CHART = Path.of("chart");

    @FunctionalInterface
    private interface Check {
        void validate(JsonElement manifest) throws IOException;
    }

    private static final Map<String, Check> KINDS = Map.ofEntries(
            Map.entry("v1/Service", V1Service::validateJsonElement),
            Map.entry("v1/Pod", V1Pod::validateJsonElement),
            Map.entry("v1/ServiceAccount", V1ServiceAccount::validateJsonElement),
            Map.entry("v1/ConfigMap", V1ConfigMap::validateJsonElement),
            Map.entry("apps/v1/StatefulSet", V1StatefulSet::validateJsonElement),
            Map.entry("apps/v1/Deployment", V1Deployment::validateJsonElement),
            Map.entry("batch/v1/Job", V1Job::validateJsonElement),
            Map.entry("policy/v1/PodDisruptionBudget", V1PodDisruptionBudget::validateJsonElement),
            Map.entry("autoscaling/v2/HorizontalPodAutoscaler", V2HorizontalPodAutoscaler::validateJsonElement),
            Map.entry("networking.k8s.io/v1/Ingress", V1Ingress::validateJsonElement),
            Map.entry("networking.k8s.io/v1/NetworkPolicy", V1NetworkPolicy::validateJsonElement));

    /** Names the fields in specs of other operators. */
    private static final Map<String, Set<String>> CUSTOM = Map.of(
            "monitoring.coreos.com/v1/ServiceMonitor", Set.of("selector", "endpoints", "targetLabels"),
            "monitoring.coreos.com/v1/PrometheusRule", Set.of("groups"),
            "keda.sh/v1alpha1/ScaledObject",
                    Set.of("scaleTargetRef", "minReplicaCount", "maxReplicaCount", "cooldownPeriod", "triggers"),
            "cert-manager.io/v1/Certificate", Set.of("secretName", "privateKey", "usages", "dnsNames", "issuerRef"),
            "kafka.strimzi.io/v1/Kafka", Set.of("kafka", "entityOperator"),
            "kafka.strimzi.io/v1/KafkaNodePool", Set.of("replicas", "roles", "storage", "resources"),
            "kafka.strimzi.io/v1/KafkaTopic", Set.of("partitions", "replicas", "config"),
            "kafka.strimzi.io/v1/KafkaUser", Set.of("authentication", "authorization"));

    /** Renders the chart as release {@code muster} with what must be said, and more. @param values {@code name=value} */
    static Manifests of(String... values) throws IOException {
        return read(template(values));
    }

    /** Copies the chart with its hooks as plain manifests: this Helm leaves hooks out. */
    private static Path withHooks() throws IOException {
        Path copy = Files.createTempDirectory("chart");
        try (Stream<Path> files = Files.walk(CHART)) {
            for (Path file : files.filter(Files::isRegularFile).toList()) {
                Path to = copy.resolve(CHART.relativize(file).toString());
                Files.createDirectories(to.getParent());
                Files.writeString(to, Files.readString(file).replace("helm.sh/hook:", "was.hook:"));
            }
        }
        return copy;
    }

    static String template(String... values) throws IOException {
        TemplateCommand template = release("muster", "fleet")
                .set("kafka.bootstrapServers", "broker:9093")
                .set("registry.url", "https://registry/apis/ccompat/v7")
                .set("hub.hosts[0]", "hub.example.com")
                .set("tls.existingSecret", "hub-tls");
        for (String value : values) {
            int equals = value.indexOf('=');
            template.set(value.substring(0, equals), value.substring(equals + 1));
        }
        return template.call();
    }

    private static TemplateCommand release(String name, String namespace) throws IOException {
        return new Helm(withHooks())
                .template()
                .withName(name)
                .withNamespace(namespace)
                .withKubeVersion("1.30.0");
    }

    /** Renders the chart with these values and no others. */
    static Manifests ofInstall(String release, String namespace, List<String> values) throws IOException {
        TemplateCommand template = release(release, namespace);
        for (String value : values) {
            int equals = value.indexOf('=');
            template.set(value.substring(0, equals), value.substring(equals + 1));
        }
        return read(template.call());
    }

    private static Manifests read(String text) throws IOException {
        LoaderOptions options = new LoaderOptions();
        options.setAllowDuplicateKeys(false);
        Map<String, JsonObject> all = new LinkedHashMap<>();
        Gson gson = new Gson();
        for (Object document : new Yaml(new SafeConstructor(options)).loadAll(text)) {
            if (document == null) {
                continue;
            }
            JsonObject manifest = gson.toJsonTree(document).getAsJsonObject();
            String kind = manifest.get("apiVersion").getAsString() + "/"
                    + manifest.get("kind").getAsString();
            String name = manifest.getAsJsonObject("metadata").get("name").getAsString();
            if (KINDS.containsKey(kind)) {
                KINDS.get(kind).validate(manifest);
            } else {
                assertThat(CUSTOM).as("kinds that are known").containsKey(kind);
                assertThat(CUSTOM.get(kind))
                        .as(kind)
                        .containsAll(manifest.getAsJsonObject("spec").keySet());
            }
            String id = manifest.get("kind").getAsString() + "/" + name;
            assertThat(all.put(id, manifest)).as("once only: " + id).isNull();
        }
        return new Manifests(all);
    }

    JsonObject get(String id) {
        assertThat(all).containsKey(id);
        return all.get(id);
    }

    List<String> kinds() {
        return all.values().stream()
                .map(manifest -> manifest.get("kind").getAsString())
                .distinct()
                .toList();
    }

    /** Returns the pod templates, by the manifest that makes the pods. */
    Map<String, JsonObject> pods() {
        Map<String, JsonObject> pods = new LinkedHashMap<>();
        all.forEach((id, manifest) -> {
            if (Set.of("StatefulSet", "Deployment", "Job")
                    .contains(manifest.get("kind").getAsString())) {
                pods.put(id, at(manifest, "spec", "template", "spec"));
            } else if (manifest.get("kind").getAsString().equals("Pod")) {
                pods.put(id, at(manifest, "spec"));
            }
        });
        return pods;
    }

    static JsonObject at(JsonObject from, String... path) {
        JsonObject found = from;
        for (String name : path) {
            assertThat(found.has(name)).as(String.join(".", path)).isTrue();
            found = found.getAsJsonObject(name);
        }
        return found;
    }

    /** Returns the environment of a pod's first container, as text. */
    static Map<String, String> environment(JsonObject pod) {
        return environmentOf(container(pod));
    }

    static Map<String, String> environmentOf(JsonObject container) {
        Map<String, String> environment = new LinkedHashMap<>();
        for (JsonElement variable : container.getAsJsonArray("env")) {
            JsonObject entry = variable.getAsJsonObject();
            JsonElement value = entry.has("value") ? entry.get("value") : entry.get("valueFrom");
            assertThat(environment.put(
                            entry.get("name").getAsString(),
                            value.isJsonPrimitive() ? value.getAsString() : value.toString()))
                    .as(entry.toString())
                    .isNull();
        }
        return environment;
    }

    static JsonObject container(JsonObject pod) {
        return pod.getAsJsonArray("containers").get(0).getAsJsonObject();
    }

    /** Returns all containers of a pod, those first that run before the others. */
    static List<JsonObject> containers(JsonObject pod) {
        List<JsonObject> all = new ArrayList<>();
        for (String list : List.of("initContainers", "containers")) {
            if (pod.has(list)) {
                pod.getAsJsonArray(list).forEach(container -> all.add(container.getAsJsonObject()));
            }
        }
        return all;
    }

    /** Returns the names in a list of objects. */
    static List<String> names(JsonObject of, String list) {
        List<String> names = new ArrayList<>();
        if (of.has(list)) {
            of.getAsJsonArray(list)
                    .forEach(entry ->
                            names.add(entry.getAsJsonObject().get("name").getAsString()));
        }
        return names;
    }
}
