package dev.millrace.gateway.http;

import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpServerRequest;
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
        String origin = request.getHeader(HttpHeaders.ORIGIN);
        return origin == null || others.contains(origin) || isOf(request.getHeader(HttpHeaders.HOST), origin);
    }

    /** The scheme does not count: a proxy may have taken TLS off. */
    private static boolean isOf(@Nullable String host, String origin) {
        int scheme = origin.indexOf("://");
        return host != null && scheme > 0 && origin.substring(scheme + 3).equalsIgnoreCase(host);
    }
}
