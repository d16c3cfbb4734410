package io.muster.standalone;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.muster.access.ConnectionString;
import io.muster.access.SharedAccessPolicies;
import io.muster.access.SharedAccessSignature;
import java.io.IOException;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Prints what a client shows to the Muster of a data folder. */
final class Credentials {
    /** Names the policy that may do everything. */
    static final String OWNER = "iothubowner";

    private static final String HOST = "localhost";
    private static final String HOUR = "1h";
    private static final Pattern SITE = Pattern.compile("[a-z0-9](?:[a-z0-9-]{0,58}[a-z0-9])?");
    private static final Pattern ACCOUNT = Pattern.compile("[a-z0-9]{3,24}");
    private static final Pattern TTL = Pattern.compile("([1-9]\\d{0,5})([smhd])");

    private final Options options;
    private final Map<String, String> arguments;
    private final SharedAccessPolicies policies;

    /** Loads the policies of the options' folder. @throws StandaloneException where the folder has no Muster */
    Credentials(Options options, Map<String, String> arguments) throws StandaloneException, IOException {
        Path file = options.data().resolve("policies.properties");
        if (!Files.exists(file)) {
            throw new StandaloneException("The folder " + options.data()
                    + " holds no Muster. Start one with ./muster up, or name another folder with --data DIR.");
        }
        this.options = options;
        this.arguments = arguments;
        this.policies = SharedAccessPolicies.load(file);
    }

    /** Prints what an SDK takes, of a policy or of a device. */
    void connectionString() throws StandaloneException, InterruptedException {
        Optional<String> policy = argument("--policy");
        Optional<String> device = argument("--device");
        if (policy.isPresent() == device.isPresent()) {
            throw new StandaloneException("Say --policy NAME or --device ID.");
        }
        System.out.println(
                policy.isPresent()
                        ? connectionString(policy.get())
                        : ConnectionString.ofDevice(HOST, device.orElseThrow(), keyOfDevice(device.orElseThrow()))
                                .text());
    }

    /** Prints what stands in a request's Authorization, or is a device's password. */
    void token() throws StandaloneException, InterruptedException {
        Optional<String> device = argument("--device");
        if (device.isPresent() && argument("--policy").isPresent()) {
            throw new StandaloneException("Say --policy NAME or --device ID, and not both.");
        }
        System.out.println(
                device.isPresent()
                        ? SharedAccessSignature.sign(
                                HOST + "/devices/" + device.get(), keyOfDevice(device.get()), null, expiry())
                        : token(argument("--policy").orElse(OWNER)));
    }

    /** Prints a link that signs a browser in to the page of jobs, once. */
    void link() throws StandaloneException {
        System.out.println(
                SignInLink.of(rest(), policies, InstantSource.system().instant()));
    }

    /** Prints, as JSON, what a client of that surface wants. */
    void ofSurface() throws StandaloneException {
        String policy = argument("--policy").orElse(OWNER);
        ObjectNode wanted = new ObjectMapper()
                .createObjectNode()
                .put("endpoint", rest())
                .put("caFile", options.data().resolve("ca/ca.pem").toString());
        switch (argument("--surface").orElse("")) {
            case "iothub" -> wanted.put("connectionString", connectionString(policy));
            case "arm", "central" -> wanted.put("token", token(policy));
            case "kudu" -> {
                String site = argument("--site").orElse("").toLowerCase(Locale.ROOT);
                if (!SITE.matcher(site).matches()) {
                    throw new StandaloneException(
                            "Say --site NAME: 1 to 60 letters, digits and hyphens, and no hyphen at either end.");
                }
                wanted.put("baseUri", rest() + "/" + site + ".scm.azurewebsites.net")
                        .put("user", policy)
                        .put("password", key(policy));
            }
            case "batch" ->
                wanted.put("batchUrl", rest())
                        .put("account", account(argument("--account").orElse("muster")))
                        .put("key", key(policy));
            default ->
                throw new StandaloneException(
                        "Say --surface iothub (devices, twins, jobs), central (jobs on groups of devices), arm (stream"
                                + " jobs), kudu (WebJobs) or batch (pools, jobs, tasks).");
        }
        System.out.println(wanted);
    }

    private static String account(String name) throws StandaloneException {
        if (!ACCOUNT.matcher(name).matches()) {
            throw new StandaloneException("Say --account NAME: 3 to 24 small letters and digits.");
        }
        return name;
    }

    private String connectionString(String policy) throws StandaloneException {
        return ConnectionString.ofPolicy(HOST, policy, key(policy)).text();
    }

    private String token(String policy) throws StandaloneException {
        return SharedAccessSignature.sign(HOST, key(policy), policy, expiry());
    }

    private Instant expiry() throws StandaloneException {
        String text = argument("--ttl").orElse(HOUR);
        Matcher ttl = TTL.matcher(text);
        if (!ttl.matches()) {
            throw new StandaloneException(
                    "--ttl takes the lifetime of the token, as 90s, 15m, 1h or 7d, not " + text + ".");
        }
        long count = Long.parseLong(ttl.group(1));
        Duration life = switch (ttl.group(2)) {
            case "s" -> Duration.ofSeconds(count);
            case "m" -> Duration.ofMinutes(count);
            case "h" -> Duration.ofHours(count);
            default -> Duration.ofDays(count);
        };
        return InstantSource.system().instant().plus(life);
    }

    private String key(String policy) throws StandaloneException {
        return key(policies, policy);
    }

    /** Returns the key that a policy signs with. @throws StandaloneException where there is none */
    static String key(SharedAccessPolicies policies, String policy) throws StandaloneException {
        return policies.named(policy)
                .orElseThrow(() -> new StandaloneException("There is no policy " + policy + "."))
                .keys()
                .signing()
                .orElseThrow(() -> new StandaloneException("The policy " + policy
                        + " has no key that can be used. Give it one in policies.properties, in base64."));
    }

    private String keyOfDevice(String device) throws StandaloneException, InterruptedException {
        RestClient rest = new RestClient(rest(), options.data().resolve("ca/ca.pem"), policies);
        RestClient.Answer answer =
                rest.call("GET", "/devices/" + URLEncoder.encode(device, StandardCharsets.UTF_8), null);
        if (answer.status() != 200) {
            throw new StandaloneException(
                    "The API knows no device " + device + " (it answered " + answer.status() + ").");
        }
        String key = answer.body().at("/authentication/symmetricKey/primaryKey").asText();
        if (key.isEmpty()) {
            throw new StandaloneException("The device " + device
                    + " has no key, since it connects with its certificate. Use the certificate.");
        }
        return key;
    }

    /** Returns where the API of the data folder answers, unless a port is given. */
    private String rest() {
        String running = State.read(options.data()).path("rest").asText();
        return argument("--rest-port").isPresent() || running.isEmpty() ? options.rest() : running;
    }

    private Optional<String> argument(String name) {
        return Optional.ofNullable(arguments.get(name));
    }
}
