package io.muster.service.endpoint;

import io.muster.service.Settings;
import io.muster.service.SettingsException;
import java.net.Inet4Address;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.UnknownHostException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Decides which endpoints of users are reached: those of an allowlist; where it is empty, every address on the public internet and no other. Addresses
 * are checked as they are connected to, so a name that means another address a moment later gains nothing. ADR 0020.
 *
 * @param allowed the only hosts that are reached, whatever their addresses are; none for public addresses
 */
public record EndpointAccess(List<Host> allowed) {
    private static final Pattern HOST = Pattern.compile("(\\[[0-9a-fA-F:.]+]|[^\\s:/\\[\\]]+)(?::(\\d{1,5}))?");
    private static final int LAST_PORT = 65_535;
    private static final int HTTPS = 443;
    private static final int HTTP = 80;

    /** Lists networks that are not the public internet's, beside those that Java knows by name. */
    private static final List<Network> RESERVED = List.of(
            Network.of("0.0.0.0", 8),
            Network.of("100.64.0.0", 10),
            Network.of("192.0.0.0", 24),
            Network.of("192.0.2.0", 24),
            Network.of("192.88.99.0", 24),
            Network.of("198.18.0.0", 15),
            Network.of("198.51.100.0", 24),
            Network.of("203.0.113.0", 24),
            Network.of("240.0.0.0", 4),
            Network.of("fc00::", 7));

    /** Holds all that is handed out of IPv6; but the networks below stand for addresses of version 4, whatever these are, or are documentation. */
    private static final Network GLOBAL = Network.of("2000::", 3);

    private static final List<Network> NOT_GLOBAL =
            List.of(Network.of("2001::", 23), Network.of("2001:db8::", 32), Network.of("2002::", 16));

    public EndpointAccess {
        allowed = List.copyOf(allowed);
    }

    /** Names a host by the name or address that users write, and the only port, if one is said. */
    public record Host(String name, OptionalInt port) {
        private boolean is(String other, int otherPort) {
            return name.equals(other) && (port.isEmpty() || port.getAsInt() == otherPort);
        }

        @Override
        public String toString() {
            return port.isEmpty() ? name : name + ":" + port.getAsInt();
        }
    }

    private record Network(byte[] address, int bits) {
        private static Network of(String address, int bits) {
            return new Network(InetAddress.ofLiteral(address).getAddress(), bits);
        }

        private boolean contains(byte[] other) {
            if (other.length != address.length) {
                return false;
            }
            int whole = bits / Byte.SIZE;
            int rest = bits % Byte.SIZE;
            return Arrays.equals(address, 0, whole, other, 0, whole)
                    && (rest == 0 || ((address[whole] ^ other[whole]) & 0xFF) >> (Byte.SIZE - rest) == 0);
        }
    }

    /** Reads {@code endpoints.allow}: {@code HOST[:PORT],…}. */
    public static EndpointAccess from(Settings settings) {
        return of(settings.text("endpoints.allow", ""));
    }

    /** Parses an allowlist; an empty one reaches the public internet. @throws SettingsException when an entry is none */
    public static EndpointAccess of(String list) {
        List<Host> hosts = new ArrayList<>();
        for (String entry : list.split(",")) {
            String text = entry.strip();
            if (text.isEmpty()) {
                continue;
            }
            Matcher matcher = HOST.matcher(text);
            if (!matcher.matches() || (matcher.group(2) != null && !isPort(Integer.parseInt(matcher.group(2))))) {
                throw new SettingsException(
                        "endpoints.allow is HOST[:PORT] with commas between, such as hooks.example.com:443; correct this one: \""
                                + text + "\".");
            }
            hosts.add(new Host(
                    name(matcher.group(1)),
                    matcher.group(2) == null
                            ? OptionalInt.empty()
                            : OptionalInt.of(Integer.parseInt(matcher.group(2)))));
        }
        return new EndpointAccess(hosts);
    }

    private static boolean isPort(int port) {
        return port > 0 && port <= LAST_PORT;
    }

    /** Returns why the endpoint is not reached, as far as its address alone decides; its name is not resolved. Empty where it may be. */
    public Optional<String> refuses(URI endpoint) {
        String host = endpoint.getHost();
        if (host == null
                || !("http".equalsIgnoreCase(endpoint.getScheme()) || "https".equalsIgnoreCase(endpoint.getScheme()))
                || (endpoint.getPort() != -1 && !isPort(endpoint.getPort()))) {
            return Optional.of("An endpoint is http or https, a host and a port up to " + LAST_PORT
                    + ", such as https://example.com/alerts.");
        }
        String name = name(host);
        if (!allowed.isEmpty()) {
            return isAllowed(name, port(endpoint)) ? Optional.empty() : Optional.of(notAllowed(name, port(endpoint)));
        }
        try {
            return isPublic(InetAddress.ofLiteral(name)) ? Optional.empty() : Optional.of(notPublic(name));
        } catch (IllegalArgumentException _) {
            return Optional.empty(); // A name: it is checked when it is connected to, by its addresses.
        }
    }

    /**
     * Resolves a host for a connection to it.
     *
     * @throws RefusedException where it may not be reached
     */
    List<InetSocketAddress> resolve(String host, int port) throws UnknownHostException {
        String name = name(host);
        if (!allowed.isEmpty() && !isAllowed(name, port)) {
            throw new RefusedException(notAllowed(name, port));
        }
        List<InetSocketAddress> addresses = new ArrayList<>();
        for (InetAddress address : InetAddress.getAllByName(name)) {
            if (!allowed.isEmpty() || isPublic(address)) {
                addresses.add(new InetSocketAddress(address, port));
            }
        }
        if (addresses.isEmpty()) {
            throw new RefusedException(notPublic(name));
        }
        return addresses;
    }

    private boolean isAllowed(String name, int port) {
        return allowed.stream().anyMatch(host -> host.is(name, port));
    }

    private static int port(URI endpoint) {
        if (endpoint.getPort() != -1) {
            return endpoint.getPort();
        }
        return "https".equalsIgnoreCase(endpoint.getScheme()) ? HTTPS : HTTP;
    }

    private String notAllowed(String name, int port) {
        return name + ":" + port + " is not among the endpoints that may be reached: name it in endpoints.allow.";
    }

    private static String notPublic(String name) {
        return name + " is no address of the public internet: where it is to be reached, name it in endpoints.allow.";
    }

    /** Returns the host without brackets, in lower case, without the dot of the root. */
    private static String name(String host) {
        String name = host.toLowerCase(Locale.ROOT);
        if (name.startsWith("[") && name.endsWith("]")) {
            name = name.substring(1, name.length() - 1);
        }
        return name.endsWith(".") ? name.substring(0, name.length() - 1) : name;
    }

    /** Returns whether the address is on the public internet, and inside no private network. */
    static boolean isPublic(InetAddress address) {
        byte[] bytes = address.getAddress();
        if (address.isAnyLocalAddress()
                || address.isLoopbackAddress()
                || address.isLinkLocalAddress()
                || address.isSiteLocalAddress()
                || address.isMulticastAddress()
                || RESERVED.stream().anyMatch(network -> network.contains(bytes))) {
            return false;
        }
        return switch (address) {
            case Inet4Address _ -> true;
            case Inet6Address _ ->
                GLOBAL.contains(bytes) && NOT_GLOBAL.stream().noneMatch(network -> network.contains(bytes));
            default -> false;
        };
    }

    /** Signals that an endpoint may not be reached. The message says what to do. */
    static final class RefusedException extends UnknownHostException {
        private static final long serialVersionUID = 1;

        private RefusedException(String message) {
            super(message);
        }
    }
}
