package io.muster.access;

import java.io.IOException;
import java.io.Reader;
import java.io.StringReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.SecureRandom;
import java.util.Comparator;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;

/**
 * Holds the policies of a hub, from a properties file: {@code <name>.rights=RegistryRead,…}, {@code <name>.primaryKey=…}, {@code
 * <name>.secondaryKey=…}. Immutable.
 */
public final class SharedAccessPolicies {
    private static final String RIGHTS = ".rights";

    private final Map<String, SharedAccessPolicy> byName;

    private SharedAccessPolicies(Map<String, SharedAccessPolicy> byName) {
        this.byName = Map.copyOf(byName);
    }

    /** Returns the five that every IoT Hub begins with, with new keys. */
    public static SharedAccessPolicies generate(SecureRandom random) {
        Map<String, Set<Right>> builtIn = Map.of(
                "iothubowner", EnumSet.allOf(Right.class),
                "service", EnumSet.of(Right.SERVICE_CONNECT),
                "device", EnumSet.of(Right.DEVICE_CONNECT),
                "registryRead", EnumSet.of(Right.REGISTRY_READ),
                "registryReadWrite", EnumSet.of(Right.REGISTRY_READ, Right.REGISTRY_WRITE));
        Map<String, SharedAccessPolicy> policies = new LinkedHashMap<>();
        builtIn.forEach(
                (name, rights) -> policies.put(name, new SharedAccessPolicy(name, rights, KeyPair.generate(random))));
        return new SharedAccessPolicies(policies);
    }

    /** Loads the policies of a file. @throws IOException when the file can't be read or is none; the message says what is wrong, and shows no key */
    public static SharedAccessPolicies load(Path file) throws IOException {
        try (Reader reader = Files.newBufferedReader(file)) {
            return read(reader, file.toString());
        }
    }

    /** Parses the text of such a file. @throws IOException when it is none; the message says what is wrong, and shows no key */
    public static SharedAccessPolicies parse(String text) throws IOException {
        return read(new StringReader(text), "the setting policies");
    }

    private static SharedAccessPolicies read(Reader reader, String file) throws IOException {
        Properties properties = new Properties();
        try {
            properties.load(reader);
        } catch (IllegalArgumentException e) {
            throw new IOException("no properties stand in " + file, e);
        }
        Map<String, SharedAccessPolicy> policies = new LinkedHashMap<>();
        for (String property : new TreeSet<>(properties.stringPropertyNames())) {
            if (property.endsWith(RIGHTS)) {
                String name = property.substring(0, property.length() - RIGHTS.length());
                policies.put(name, policy(name, properties, file));
            }
        }
        if (policies.isEmpty()) {
            throw new IOException("no policy stands in " + file + ": write <name>.rights, .primaryKey, .secondaryKey");
        }
        return new SharedAccessPolicies(policies);
    }

    private static SharedAccessPolicy policy(String name, Properties properties, String file) throws IOException {
        Set<Right> rights = EnumSet.noneOf(Right.class);
        for (String word : properties.getProperty(name + RIGHTS).split(",")) {
            rights.add(Right.of(word).orElseThrow(() -> new IOException("no right is called " + word + " in " + file)));
        }
        String primary = properties.getProperty(name + ".primaryKey");
        String secondary = properties.getProperty(name + ".secondaryKey");
        if (primary == null || secondary == null) {
            throw new IOException("the policy " + name + " lacks a key in " + file);
        }
        return new SharedAccessPolicy(name, rights, new KeyPair(primary, secondary));
    }

    /** Writes a new file that its owner alone can read. @throws IOException when there is a file already */
    public void store(Path file) throws IOException {
        List<String> lines = byName.values().stream()
                .sorted(Comparator.comparing(SharedAccessPolicy::name))
                .flatMap(policy -> List.of(
                        policy.name() + RIGHTS + "="
                                + policy.rights().stream()
                                        .sorted()
                                        .map(Right::word)
                                        .collect(Collectors.joining(",")),
                        policy.name() + ".primaryKey=" + policy.keys().primary(),
                        policy.name() + ".secondaryKey=" + policy.keys().secondary())
                        .stream())
                .toList();
        Files.createFile(file, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
        Files.write(file, lines, StandardOpenOption.WRITE);
    }

    public Optional<SharedAccessPolicy> named(String name) {
        return Optional.ofNullable(byName.get(name));
    }

    /** Returns the policy that has a key, itself and not a signature of it. Takes the same time whichever has it, or none. */
    public Optional<SharedAccessPolicy> withKey(String key) {
        byte[] given = key.getBytes(StandardCharsets.UTF_8);
        Optional<SharedAccessPolicy> found = Optional.empty();
        for (SharedAccessPolicy policy : byName.values()) {
            if (policy.keys().contains(given)) {
                found = Optional.of(policy);
            }
        }
        return found;
    }

    /** Returns the policy whose key has signed a text, by HMAC-SHA256 in base64. Takes the same time whichever has it, or none. */
    public Optional<SharedAccessPolicy> signing(String text, String signature) {
        Optional<SharedAccessPolicy> found = Optional.empty();
        for (SharedAccessPolicy policy : byName.values()) {
            if (SharedAccessSignature.isSigned(text, signature, policy.keys())) {
                found = Optional.of(policy);
            }
        }
        return found;
    }

    /** Returns the first policy by name that has the right, and a key to sign with. */
    public Optional<SharedAccessPolicy> allowing(Right right) {
        return byName.values().stream()
                .filter(policy -> policy.rights().contains(right))
                .filter(policy -> policy.keys().signing().isPresent())
                .min(Comparator.comparing(SharedAccessPolicy::name));
    }

    @Override
    public String toString() {
        return "SharedAccessPolicies" + new TreeSet<>(byName.keySet());
    }
}
