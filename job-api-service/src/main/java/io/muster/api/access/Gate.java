package io.muster.api.access;

import io.muster.access.HubHosts;
import io.muster.access.KeyPair;
import io.muster.access.Right;
import io.muster.access.SharedAccessPolicies;
import io.muster.access.SharedAccessPolicy;
import io.muster.access.SharedAccessSignature;
import io.muster.api.json.Problem;
import io.muster.api.json.ProblemException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.Base64;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Identifies callers by their tokens, and says what they may do. Contract: iot-hub, 1.1. */
public final class Gate {
    private static final String BEARER = "Bearer ";

    /** Names the path that the tokens of sign-in links are for. */
    public static final String SIGN_IN = "/sign-in";

    /** Bounds how long a browser stays signed in. */
    public static final Duration SESSION_LIFE = Duration.ofHours(8);

    /** Names the path that the tokens of browser sessions are for. */
    private static final String SESSION = "/session";

    private static final Pattern LOOPBACK = Pattern.compile("(?i)(localhost|127\\.0\\.0\\.1|\\[::1])(:\\d+)?");

    private final HubHosts hosts;
    private final Supplier<SharedAccessPolicies> policies;
    private final Optional<PersonTokens> people;

    /** Identifies callers of the hub that has these names. @param people empty where no OpenID provider is used */
    public Gate(HubHosts hosts, Supplier<SharedAccessPolicies> policies, Optional<PersonTokens> people) {
        this.hosts = hosts;
        this.policies = policies;
        this.people = people;
    }

    /**
     * Returns the caller that a request proves.
     *
     * @param authorization a shared access signature; or, behind the word Bearer, one or the token of a person
     * @throws ProblemException when it proves nothing, or not for this path
     */
    public Caller identify(@Nullable String authorization, String path, Instant now) {
        String token = authorization == null
                ? ""
                : authorization.startsWith(BEARER) ? authorization.substring(BEARER.length()) : authorization;
        return people.isPresent() && PersonTokens.hasForm(token)
                ? people.get().check(token, now)
                : program(token, path, now);
    }

    /**
     * Returns the caller that shows a policy's key itself.
     *
     * @param policy the name of the policy; empty for whichever has the key
     * @throws ProblemException when no such policy has it
     */
    public Caller.Program withKey(Optional<String> policy, String key) {
        return policies.get()
                .withKey(key)
                .filter(found -> policy.isEmpty() || policy.get().equals(found.name()))
                .map(found -> new Caller.Program(found.name(), found.rights()))
                .orElseThrow(() -> refuse("The hub knows no such user and password."));
    }

    /**
     * Returns the caller that has signed a text with a policy's key.
     *
     * @param texts of which any one may be signed
     * @throws ProblemException when no policy's key has signed one of them
     */
    public Caller.Program signedBy(List<String> texts, String signature) {
        SharedAccessPolicies all = policies.get();
        return texts.stream()
                .flatMap(text -> all.signing(text, signature).stream())
                .findFirst()
                .map(found -> new Caller.Program(found.name(), found.rights()))
                .orElseThrow(() -> refuse("No policy's key has signed this request."));
    }

    /** Returns whether a text is a signature that a device may have made for itself: nothing is known of its key here. */
    public boolean mayBeOfDevice(String text, String deviceId, Instant now) {
        return ofDevice(text, deviceId, now).isPresent();
    }

    /** Returns whether a text is a signature that a device has made for itself. */
    public boolean isOfDevice(String text, String deviceId, KeyPair keys, Instant now) {
        return ofDevice(text, deviceId, now)
                .filter(token -> token.isSignedWith(keys))
                .isPresent();
    }

    private Optional<SharedAccessSignature> ofDevice(String text, String deviceId, Instant now) {
        return deviceId.isEmpty()
                ? Optional.empty()
                : SharedAccessSignature.parse(text)
                        .filter(token -> token.keyName().isEmpty() && !token.isExpired(now))
                        .filter(token -> token.covers(hosts, "/devices/" + deviceId));
    }

    private Caller.Program program(String text, String path, Instant now) {
        Optional<SharedAccessSignature> token = SharedAccessSignature.parse(text);
        if (token.isEmpty()) {
            throw refuse("Give a shared access signature in the header Authorization.");
        }
        if (token.get().isExpired(now)) {
            throw refuse("The token has expired.");
        }
        SharedAccessPolicy policy = token.get()
                .keyName()
                .flatMap(name -> policies.get().named(name))
                .filter(named -> token.get().isSignedWith(named.keys()))
                .orElseThrow(() ->
                        refuse("The token names no policy of this hub, or neither of the policy's keys signed it."));
        if (!token.get().covers(hosts, path)) {
            throw refuse("The token is for another host or resource.");
        }
        return new Caller.Program(policy.name(), policy.rights());
    }

    /**
     * Returns who made a one-time link, which is a token for {@value #SIGN_IN} alone; it can't be used again.
     *
     * @throws ProblemException when it is not right, or was used
     */
    public Caller signIn(String token, SignInLinks links, Instant now) {
        Optional<SharedAccessSignature> link = tokenFor(SIGN_IN, token);
        if (link.isEmpty()) {
            throw refuse("The link signs nobody in: make another.");
        }
        Caller caller = program(token, SIGN_IN, now);
        if (!links.use(link.get().signature(), link.get().expiry(), now)) {
            throw refuse("The link was used or has expired: make another.");
        }
        return caller;
    }

    /** Returns the caller of a token that is for that path alone. */
    private Optional<SharedAccessSignature> tokenFor(String path, String text) {
        return SharedAccessSignature.parse(text)
                .filter(token -> token.covers(hosts, path) && !token.covers(hosts, "/"));
    }

    /**
     * Returns what a browser shows to stay signed in: a token for {@value #SESSION} alone, so that each instance knows it. A person's is signed
     * with the key of a policy too: it allows its holder to see jobs, and no more.
     *
     * @throws ProblemException when no policy could see jobs
     */
    public String session(Caller caller, Instant now) {
        SharedAccessPolicies all = policies.get();
        SharedAccessPolicy policy = (caller instanceof Caller.Program program
                        ? all.named(program.policy())
                        : all.allowing(Right.SERVICE_CONNECT))
                .orElseThrow(Gate::noKey);
        String token = SharedAccessSignature.sign(
                hosts.names().stream().sorted().findFirst().orElse("") + SESSION,
                policy.keys().signing().orElseThrow(Gate::noKey),
                policy.name(),
                now.plus(SESSION_LIFE));
        return Base64.getUrlEncoder().withoutPadding().encodeToString(token.getBytes(StandardCharsets.UTF_8));
    }

    private static ProblemException noKey() {
        return refuse("No policy has ServiceConnect, whose key signs sessions: add one.");
    }

    /** Returns who is signed in: as long as the session lasts and the key that signed it is there, with the rights that its policy has now. */
    public Optional<Caller> signedIn(String session, Instant now) {
        try {
            String token = new String(Base64.getUrlDecoder().decode(session), StandardCharsets.UTF_8);
            Optional<SharedAccessSignature> shown = tokenFor(SESSION, token);
            return shown.isEmpty() || now.isAfter(shown.get().expiry())
                    ? Optional.empty()
                    : Optional.of(program(token, SESSION, now));
        } catch (IllegalArgumentException | ProblemException e) {
            return Optional.empty();
        }
    }

    /** Returns whether a host name is the hub's: a page elsewhere may have led a browser here by another name. @param host of the header Host */
    public boolean isOurs(@Nullable String host) {
        return host != null && (hosts.include(host) || isLoopback(host));
    }

    /** Returns whether a host name leads to the machine that asks. @param host of the header Host */
    public static boolean isLoopback(@Nullable String host) {
        return host != null && LOOPBACK.matcher(host).matches();
    }

    /** Returns why a caller may not do what takes so much; empty where it may. */
    public static Optional<String> disallows(Caller caller, Grant needed) {
        return switch (caller) {
            case Caller.Program program ->
                Collections.disjoint(program.rights(), needed.rights())
                        ? Optional.of("The policy " + program.policy() + " does not allow this.")
                        : Optional.empty();
            case Caller.Person person -> disallows(person.role(), needed.role());
            case Caller.Token token -> disallows(token.role(), needed.role());
        };
    }

    private static Optional<String> disallows(Role role, Role needed) {
        return role.includes(needed)
                ? Optional.empty()
                : Optional.of("The role " + role.word() + " does not allow this: it takes " + needed.word() + ".");
    }

    static ProblemException refuse(String message) {
        return new ProblemException(Problem.unauthorized(message));
    }
}
