package dev.millrace.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.http.HttpResponse;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What a browser gets, and which pages get a socket. */
class PageTest {
    @AutoClose
    private final GatewayFixture gateway = new GatewayFixture();

    @Test
    void servesThePageWithStrictHeaders() throws Exception {
        HttpResponse<String> page = gateway.get("/");

        assertThat(page.statusCode()).isEqualTo(200);
        assertThat(page.body()).contains("<title>A page for tests</title>");
        assertThat(header(page, "content-type")).isEqualTo("text/html; charset=utf-8");
        assertThat(header(page, "content-security-policy")).startsWith("default-src 'self';");
        assertThat(header(page, "x-content-type-options")).isEqualTo("nosniff");
        assertThat(header(page, "referrer-policy")).isEqualTo("no-referrer");
        assertThat(header(page, "cache-control")).isEqualTo("no-cache");
    }

    @Test
    void letsHashedFilesBeKept() throws Exception {
        HttpResponse<String> script = gateway.get("/assets/page-0a1b2c.js");

        assertThat(header(script, "content-type")).isEqualTo("text/javascript; charset=utf-8");
        assertThat(header(script, "cache-control")).contains("immutable");
    }

    @Test
    void sendsNothingThatTheBrowserHas() throws Exception {
        String etag = header(gateway.get("/"), "etag");

        HttpResponse<String> again = gateway.get("/", "If-None-Match", etag);

        assertThat(again.statusCode()).isEqualTo(304);
        assertThat(again.body()).isEmpty();
    }

    @Test
    void servesNothingElse() throws Exception {
        assertThat(gateway.get("/nothing").statusCode()).isEqualTo(404);
        assertThat(gateway.get("/../webroot/index.html").statusCode()).isEqualTo(404);
        assertThat(gateway.get("/assets/..%2findex.html").statusCode()).isEqualTo(404);
        assertThat(gateway.get("/assets").statusCode()).isEqualTo(404);
        assertThat(header(gateway.get("/nothing"), "x-content-type-options")).isEqualTo("nosniff");
    }

    @Test
    void answersHeadWithoutTheContent() throws Exception {
        HttpResponse<String> head = gateway.request("HEAD", "/");

        assertThat(head.statusCode()).isEqualTo(200);
        assertThat(head.body()).isEmpty();
        assertThat(header(head, "content-length")).isNotEqualTo("0");
    }

    @Test
    void takesNothing() throws Exception {
        assertThat(gateway.request("POST", "/").statusCode()).isEqualTo(405);
    }

    @Test
    void saysThatTheSocketIsOne() throws Exception {
        assertThat(gateway.get("/v1/responses").statusCode()).isEqualTo(426);
    }

    @Test
    void givesASocketToItsOwnPageAndToFriends() throws Exception {
        ChatClient own = gateway.connect("http://127.0.0.1:" + gateway.httpPort());
        ChatClient friend = gateway.connect(GatewayFixture.FRIENDLY_ORIGIN);

        own.ask("hello");
        own.next("response.created");
        friend.ask("hello");
        friend.next("response.created");
    }

    @ParameterizedTest
    @ValueSource(strings = {"https://evil.example", "null", "http://127.0.0.1:1", "http://127.0.0.1"})
    void givesNoSocketToAnotherPage(String origin) throws Exception {
        assertThat(gateway.handshake(origin)).isEqualTo("HTTP/1.1 403 Forbidden");
        assertThat(gateway.metric("millrace_gateway_sockets")).isZero();
    }

    private static String header(HttpResponse<String> response, String name) {
        return response.headers().firstValue(name).orElse("");
    }
}
