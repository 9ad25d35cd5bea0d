package dev.millrace.gateway.http;

import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpServerRequest;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Which pages a browser may open a socket for. Any page could, since browsers do not keep WebSockets to one origin; all
 * they do is to say whose page it is. What is no browser says nothing and may.
 *
 * @param others besides the page of this gateway itself, for example {@code https://chat.example.org}
 */
public record AllowedOrigins(Set<String> others) {
    public AllowedOrigins {
        others = Set.copyOf(others);
    }

    boolean allow(HttpServerRequest request) {
        return allow(request.getHeader(HttpHeaders.HOST), request.getHeader(HttpHeaders.ORIGIN));
    }

    boolean allow(@Nullable String host, @Nullable String origin) {
        return origin == null || others.contains(origin) || isOf(host, origin);
    }

    /** The scheme does not count: a proxy may have taken TLS off. */
    private static boolean isOf(@Nullable String host, String origin) {
        int scheme = origin.indexOf("://");
        return host != null && scheme > 0 && origin.substring(scheme + 3).equalsIgnoreCase(host);
    }

    /** The headers that tell a browser that a page of this origin, which is allowed, may read the answer. */
    static Map<String, String> leaveToRead(@Nullable String origin) {
        return origin == null
                ? Map.of("vary", "Origin")
                : Map.of(
                        "vary",
                        "Origin",
                        "access-control-allow-origin",
                        origin,
                        "access-control-expose-headers",
                        "x-should-retry");
    }
}
