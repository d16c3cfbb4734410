package io.muster.deploy;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Holds the commands of docs/operate/kubernetes.md against the chart: run in order, they lack nothing. */
class GuideTest {
    private static final Path PROJECT = Path.of("..");
    private static final Pattern BLOCK = Pattern.compile("(?ms)^```sh\\n(.*?)^```");
    private static final Pattern WORD = Pattern.compile("(?:[^\\s'\"]|'[^']*'|\"[^\"]*\")+");
    private static final String NAMESPACE = "fleet";

    private static final List<List<String>> commands = new ArrayList<>();
    private static List<String> install;
    private static Manifests manifests;

    @BeforeAll
    static void read() throws IOException {
        Matcher block = BLOCK.matcher(Files.readString(PROJECT.resolve("docs/operate/kubernetes.md")));
        while (block.find()) {
            block.group(1).replace("\\\n", " ").lines().map(GuideTest::words).forEach(commands::add);
        }
        install = commands.get(first("helm", "install"));
        manifests = Manifests.ofInstall(install.get(2), option(install, "--namespace"), values());
    }

    private static List<String> words(String line) {
        return WORD.matcher(line)
                .results()
                .map(word -> word.group().replaceAll("['\"]", ""))
                .toList();
    }

    private static int first(String... beginning) {
        for (int at = 0; at < commands.size(); at++) {
            List<String> words = new ArrayList<>(commands.get(at));
            words.removeAll(List.of("--namespace", NAMESPACE));
            if (words.size() >= beginning.length
                    && words.subList(0, beginning.length).equals(List.of(beginning))) {
                return at;
            }
        }
        throw new AssertionError("the guide has no command " + String.join(" ", beginning));
    }

    private static String option(List<String> command, String name) {
        int at = command.indexOf(name);
        assertThat(at).as("%s in %s", name, command).isNotNegative();
        return command.get(at + 1);
    }

    private static List<String> values() {
        return values(install);
    }

    private static List<String> values(List<String> command) {
        List<String> values = new ArrayList<>();
        for (int at = 0; at < command.size(); at++) {
            if (command.get(at).equals("--set")) {
                values.add(command.get(at + 1));
            }
        }
        return values;
    }

    @Test
    void makesTheNamespaceFirstAndUsesItThroughout() {
        int made = first("kubectl", "create", "namespace");
        assertThat(commands.get(made)).endsWith(NAMESPACE);
        for (int at = 0; at < commands.size(); at++) {
            List<String> command = commands.get(at);
            if (at != made && !command.isEmpty() && Set.of("kubectl", "helm").contains(command.getFirst())) {
                assertThat(at).as("behind the namespace: " + command).isGreaterThan(made);
                assertThat(option(command, "--namespace")).isEqualTo(NAMESPACE);
            }
        }
    }

    @Test
    void makesEverySecretBeforePodsReadIt() {
        Map<String, Set<String>> made = secretsMadeBefore(first("helm", "install"));
        Map<String, Set<String>> read = new HashMap<>();
        manifests.pods().values().forEach(pod -> addSecretsOf(pod, read));
        assertThat(read).containsOnlyKeys("muster-policies", "muster-kafka", "kafka-ca", "hub-tls");
        read.forEach((secret, keys) -> {
            assertThat(keys).as(secret).isNotEmpty();
            assertThat(made.getOrDefault(secret, Set.of()))
                    .as("keys of the secret " + secret)
                    .containsAll(keys);
        });
        assertThat(read.get("hub-tls")).containsExactlyInAnyOrder("tls.crt", "tls.key", "ca.crt");
    }

    @Test
    void makesTheSecretOfNodesBeforeNodesReadIt() throws IOException {
        int upgrade = first("helm", "upgrade");
        List<String> values = new ArrayList<>(values());
        values.addAll(values(commands.get(upgrade)));
        JsonObject pod =
                Manifests.ofInstall(install.get(2), NAMESPACE, values).pods().get("StatefulSet/muster-node");
        assertThat(pod).as("nodes are asked for").isNotNull();
        String secret = pod.getAsJsonArray("volumes").asList().stream()
                .map(JsonElement::getAsJsonObject)
                .filter(volume -> volume.get("name").getAsString().equals("policies"))
                .map(volume -> Manifests.at(volume, "secret").get("secretName").getAsString())
                .findFirst()
                .orElseThrow();
        assertThat(secretsMadeBefore(upgrade)).containsEntry(secret, Set.of("policies.properties"));
        assertThat(commands)
                .as("the image is pushed before it is pulled")
                .anyMatch(command -> !command.isEmpty()
                        && command.getFirst().equals("skopeo")
                        && command.getLast()
                                .equals("docker://"
                                        + Manifests.container(pod).get("image").getAsString()));
    }

    private static Map<String, Set<String>> secretsMadeBefore(int end) {
        Map<String, Set<String>> made = new HashMap<>();
        for (List<String> command : commands.subList(0, end)) {
            int at = command.indexOf("secret");
            if (at > 0 && command.get(at - 1).equals("create")) {
                assertThat(command.get(at + 1)).as("its keys are all named").isEqualTo("generic");
                Set<String> keys = new TreeSet<>();
                for (String word : command) {
                    Matcher given = Pattern.compile("--from-(?:file|literal)=([^=]+)(?:=.*)?")
                            .matcher(word);
                    if (given.matches()) {
                        keys.add(given.group(1));
                    }
                }
                made.put(command.get(at + 2), keys);
            }
        }
        return made;
    }

    /** Adds the keys that a pod's settings and the Kafka properties name, where the secret is mounted or is the environment. */
    private static void addSecretsOf(JsonObject pod, Map<String, Set<String>> read) {
        JsonObject container = Manifests.container(pod);
        String settings = String.valueOf(container.get("env")) + manifests.all().values();
        for (JsonElement element : pod.getAsJsonArray("volumes")) {
            JsonObject volume = element.getAsJsonObject();
            if (volume.has("secret")) {
                String path = mountOf(container, volume.get("name").getAsString());
                Set<String> keys = read.computeIfAbsent(
                        Manifests.at(volume, "secret").get("secretName").getAsString(), _ -> new TreeSet<>());
                Matcher key = Pattern.compile(Pattern.quote(path) + "[/:]([A-Za-z0-9._-]+)")
                        .matcher(settings);
                while (key.find()) {
                    keys.add(key.group(1));
                }
            }
        }
        Matcher reference = Pattern.compile("\"secretKeyRef\":\\{\"name\":\"([^\"]+)\",\"key\":\"([^\"]+)\"")
                .matcher(settings);
        while (reference.find()) {
            read.computeIfAbsent(reference.group(1), _ -> new TreeSet<>()).add(reference.group(2));
        }
    }

    private static String mountOf(JsonObject container, String volume) {
        for (JsonElement mount : container.getAsJsonArray("volumeMounts")) {
            if (mount.getAsJsonObject().get("name").getAsString().equals(volume)) {
                return mount.getAsJsonObject().get("mountPath").getAsString();
            }
        }
        throw new AssertionError("it is not mounted, volume=" + volume);
    }

    @Test
    void pushesEveryImageBeforeItIsPulled() {
        int at = first("skopeo", "copy");
        assertThat(at).isLessThan(first("helm", "install"));
        List<String> loop = commands.get(at - 1);
        assertThat(loop.subList(0, 3)).isEqualTo(List.of("for", "service", "in"));
        Set<String> pushed = new TreeSet<>();
        for (String service : loop.subList(3, loop.size() - 1)) {
            pushed.add(commands.get(at)
                    .getLast()
                    .replace("$service", service.replace(";", ""))
                    .replace("docker://", ""));
        }
        Set<String> pulled = new TreeSet<>();
        manifests
                .pods()
                .values()
                .forEach(pod -> pulled.add(Manifests.container(pod).get("image").getAsString()));
        assertThat(pushed).isEqualTo(pulled);
    }

    @Test
    void namesPodsServicesAndMetricsThatExist() {
        assertThat(commands.get(first("kubectl", "logs"))).contains("job/muster-topics");
        manifests.get("Job/muster-topics");
        List<String> forward = commands.get(first("kubectl", "port-forward"));
        assertThat(forward).contains("service/muster-api");
        assertThat(manifests.get("Service/muster-api").toString())
                .contains("\"port\":" + forward.getLast().replaceFirst(".*:", "") + ",");
        assertThat(commands.get(first("kubectl", "get", "service"))).contains("muster-gateway");
        manifests.get("Service/muster-gateway");
        assertThat(manifests.get("Pod/muster-test").toString()).contains("io.muster.service.HealthCheck");
        assertThat(commands.get(first("helm", "test"))).contains(install.get(2));
    }

    /** Finds the scripts and folders of ours that commands name. */
    @Test
    void namesExistingFiles() {
        Set<String> named = new TreeSet<>();
        for (List<String> command : commands) {
            Matcher file =
                    Pattern.compile("(?:^|[\\s(=:])((?:\\./|deploy/)[\\w./-]+)").matcher(String.join(" ", command));
            while (file.find()) {
                named.add(file.group(1));
            }
        }
        named.removeIf(file -> file.startsWith("deploy/target/"));
        assertThat(named)
                .contains("deploy/chart", "deploy/make-policies.sh", "deploy/make-token.sh", "./muster")
                .allSatisfy(file -> assertThat(PROJECT.resolve(file)).exists());
    }
}
