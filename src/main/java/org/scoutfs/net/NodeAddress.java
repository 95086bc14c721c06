package org.scoutfs.net;

/**
 * Where a node listens.
 *
 * @param host a numeric IPv4 or IPv6 address, without brackets, or a host name
 * @param port 0 where the kernel shall choose one
 */
public record NodeAddress(String host, int port) implements Comparable<NodeAddress> {
    /** Bytes in the longest host. */
    public static final int HOST_BYTES_MAX = 64;

    private static final int PORT_MAX = 65535;

    public NodeAddress {
        if (host.isEmpty() || host.length() > HOST_BYTES_MAX || !host.chars().allMatch(NodeAddress::isInHost)) {
            throw new IllegalArgumentException("'" + host + "' is no address");
        }
        if (port < 0 || port > PORT_MAX) {
            throw new IllegalArgumentException("port " + port + " is not in [0, " + PORT_MAX + "]");
        }
    }

    /**
     * {@code HOST:PORT}, {@code HOST}, {@code [HOST]:PORT} or an IPv6 address alone.
     *
     * @param port where the text has none
     * @throws IllegalArgumentException says what is wrong with it
     */
    public static NodeAddress parse(String text, int port) {
        if (text.startsWith("[")) {
            int end = text.indexOf(']');
            if (end < 0 || end + 1 < text.length() && text.charAt(end + 1) != ':') {
                throw new IllegalArgumentException("'" + text + "' is no address: expected [HOST]:PORT");
            }
            return new NodeAddress(
                    text.substring(1, end), end + 1 == text.length() ? port : port(text.substring(end + 2)));
        }
        int colon = text.indexOf(':');
        if (colon < 0 || text.indexOf(':', colon + 1) >= 0) {
            return new NodeAddress(text, port);
        }
        return new NodeAddress(text.substring(0, colon), port(text.substring(colon + 1)));
    }

    private static int port(String digits) {
        try {
            return Integer.parseInt(digits);
        } catch (NumberFormatException notANumber) {
            throw new IllegalArgumentException("'" + digits + "' is no port", notANumber);
        }
    }

    private static boolean isInHost(int c) {
        return c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || ".:-_%".indexOf(c) >= 0;
    }

    @Override
    public int compareTo(NodeAddress other) {
        int byHost = host.compareTo(other.host);
        return byHost != 0 ? byHost : Integer.compare(port, other.port);
    }

    /** As {@link #parse} takes it. */
    @Override
    public String toString() {
        return (host.indexOf(':') < 0 ? host : "[" + host + "]") + ":" + port;
    }
}
