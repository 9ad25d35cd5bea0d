package dev.millrace.gateway.http;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.gateway.session.SessionMetrics;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelOutboundBuffer;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.handler.codec.http.DefaultFullHttpResponse;
import io.netty.handler.codec.http.DefaultHttpResponse;
import io.netty.handler.codec.http.HttpRequestDecoder;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.codec.http.LastHttpContent;
import io.netty.handler.codec.http.websocketx.PongWebSocketFrame;
import io.netty.handler.codec.http.websocketx.TextWebSocketFrame;
import io.prometheus.client.CollectorRegistry;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Whom it does not cut off, and when; on a moved clock. What those hear whom it does is in SlowRequestTest. */
class ClientTimeoutsTest {
    private static final String ORIGIN = "https://chat.example.org";
    private static final String REQUEST = "POST / HTTP/1.1\r\nContent-Length: 2\r\n\r\n{}";

    private final CollectorRegistry registry = new CollectorRegistry();
    private boolean clientReads = true;

    private final EmbeddedChannel channel = new EmbeddedChannel(new HttpRequestDecoder()) {
        @Override
        protected void doWrite(ChannelOutboundBuffer waiting) throws Exception {
            if (clientReads) {
                super.doWrite(waiting);
            }
        }
    };

    @BeforeEach
    void watch() {
        channel.freezeTime();
        channel.pipeline()
                .addLast(new ClientTimeouts(
                        HttpTimings.of(Duration.ofSeconds(20)),
                        new AllowedOrigins(Set.of(ORIGIN)),
                        new SessionMetrics(registry)));
    }

    @Test
    void closesASilentConnection() {
        say(REQUEST);
        answer(HttpResponseStatus.OK);

        pass(59);
        assertThat(channel.isOpen()).isTrue();
        pass(6);
        assertThat(channel.isOpen()).isFalse();
    }

    @Test
    void waitsForAClientThatWaitsForItsAnswer() {
        say(REQUEST);
        pass(3600);
        channel.writeOutbound(new DefaultHttpResponse(HttpVersion.HTTP_1_1, HttpResponseStatus.OK));
        pass(3600);

        assertThat(channel.isOpen()).isTrue();
        channel.writeOutbound(LastHttpContent.EMPTY_LAST_CONTENT);
        pass(66);
        assertThat(channel.isOpen()).isFalse();
    }

    @Test
    void closesWhenNothingIsTakenOfAnAnswer() {
        say(REQUEST);
        clientReads = false;
        channel.writeOutbound(new DefaultHttpResponse(HttpVersion.HTTP_1_1, HttpResponseStatus.OK));

        pass(59);
        assertThat(channel.isOpen()).isTrue();
        channel.writeOutbound(LastHttpContent.EMPTY_LAST_CONTENT);
        pass(20);
        assertThat(channel.isOpen()).isFalse();
        assertThat(registry.getSampleValue("millrace_gateway_slow_sockets_closed_total"))
                .isEqualTo(1);
    }

    @Test
    void waitsForAClientThatTakesItsAnswerSlowly() {
        say(REQUEST);
        clientReads = false;
        channel.writeOutbound(new DefaultFullHttpResponse(HttpVersion.HTTP_1_1, HttpResponseStatus.OK));

        for (int i = 0; i < 60; i++) {
            pass(50);
            assertThat(channel.isOpen()).isTrue();
            channel.unsafe().outboundBuffer().progress(1);
        }
    }

    @Test
    void takesTheLeaveToContinueForNoAnswer() {
        say("POST / HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n");
        answer(HttpResponseStatus.CONTINUE);
        say("{}");

        pass(3600);

        assertThat(channel.isOpen()).isTrue();
    }

    @Test
    void refusesARequestThatTakesTooLong() {
        for (int second = 0; second < 19; second++) {
            say(REQUEST.substring(second, second + 1));
            pass(1);
        }
        assertThat(refusal()).isNull();

        say(REQUEST.substring(19, 20));
        pass(6);

        assertThat(refusal()).isEqualTo(HttpResponseStatus.REQUEST_TIMEOUT);
    }

    @Test
    void refusesABodyThatTakesTooLong() {
        say(withoutEnd(REQUEST));

        pass(26);

        assertThat(refusal()).isEqualTo(HttpResponseStatus.REQUEST_TIMEOUT);
    }

    @Test
    void tellsABrowserWhosePageMayReadTheRefusal() {
        say(withoutEnd(withOrigin(ORIGIN)));
        pass(26);

        assertThat(allowedOrigin()).isEqualTo(ORIGIN);
    }

    @Test
    void tellsNoOtherPage() {
        say(withoutEnd(withOrigin("https://elsewhere.example.org")));
        pass(26);

        assertThat(allowedOrigin()).isNull();
    }

    @Test
    void doesNotMistakeThePageOfTheRequestBefore() {
        say(withOrigin(ORIGIN));
        answer(HttpResponseStatus.OK);
        say("POST /");
        pass(26);

        assertThat(allowedOrigin()).isNull();
    }

    @Test
    void givesEachRequestItsOwnTime() {
        say("P");
        for (int i = 0; i < 9; i++) {
            pass(15);
            say(REQUEST.substring(1) + "P");
            answer(HttpResponseStatus.OK);
            say("O");
            pass(15);
            say(REQUEST.substring(2) + "P");
            answer(HttpResponseStatus.OK);
        }

        assertThat(refusal()).isNull();
        assertThat(channel.isOpen()).isTrue();
    }

    @Test
    void blamesNobodyForWhatItDoesNotRead() {
        say(REQUEST.substring(0, 9));
        channel.config().setAutoRead(false);
        pass(59);
        channel.config().setAutoRead(true);
        pass(1);

        assertThat(refusal()).isNull();
        assertThat(channel.isOpen()).isTrue();
    }

    @Test
    void doesNotMistakePongsForAMessageThatHasBegun() {
        channel.pipeline().removeFirst();
        for (int i = 0; i < 9; i++) {
            channel.writeInbound(new PongWebSocketFrame());
            pass(20);
        }

        assertThat(channel.isOpen()).isTrue();
        assertThat(refusal()).isNull();
    }

    @Test
    void doesNotMistakePongsForTheEndOfAMessage() {
        channel.pipeline().removeFirst();
        channel.writeInbound(new TextWebSocketFrame(false, 0, "{"));
        for (int i = 0; i < 13; i++) {
            channel.writeInbound(new PongWebSocketFrame());
            pass(2);
        }

        assertThat(channel.outboundMessages()).isNotEmpty();
    }

    private void say(String bytes) {
        channel.writeInbound(Unpooled.copiedBuffer(bytes, StandardCharsets.US_ASCII));
    }

    private void answer(HttpResponseStatus status) {
        channel.writeOutbound(new DefaultFullHttpResponse(HttpVersion.HTTP_1_1, status));
        channel.outboundMessages().clear();
    }

    private void pass(int seconds) {
        for (int i = 0; i < seconds; i++) {
            channel.advanceTimeBy(1, TimeUnit.SECONDS);
            channel.runScheduledPendingTasks();
        }
    }

    private static String withOrigin(String origin) {
        return REQUEST.replace("\r\n\r\n", "\r\nOrigin: " + origin + "\r\n\r\n");
    }

    private static String withoutEnd(String request) {
        return request.substring(0, request.length() - 1);
    }

    private @Nullable String allowedOrigin() {
        HttpResponse refusal = channel.readOutbound();
        assertThat(refusal.status()).isEqualTo(HttpResponseStatus.REQUEST_TIMEOUT);
        return refusal.headers().get("access-control-allow-origin");
    }

    private @Nullable HttpResponseStatus refusal() {
        Object said = channel.readOutbound();
        return said instanceof HttpResponse response ? response.status() : null;
    }
}
