package dev.millrace.worker.bench;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.vertx.core.json.JsonObject;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.net.Socket;
import java.net.URI;

/**
 * Asks for one chat completion as a stream, over a connection of its own, and reads it line by line: the same for whoever
 * serves it. Any thread.
 */
final class ChatClient {
    private static final String EVENT = "data: ";
    private static final String END = "data: [DONE]";
    private static final String USAGE = "\"completion_tokens\":";
    private static final String CONTENT = "\"content\":\"";
    private static final int PATIENCE_MS = 120_000;

    private ChatClient() {}

    /**
     * One answer.
     *
     * @param firstNanos from asking to the first text
     */
    record Answer(long firstNanos, int promptTokens, int tokens) {}

    static Answer ask(URI server, JsonObject body) throws IOException {
        byte[] bytes = body.encode().getBytes(UTF_8);
        String head = "POST /v1/chat/completions HTTP/1.1\r\nHost: " + server.getAuthority()
                + "\r\nContent-Type: application/json\r\nContent-Length: " + bytes.length + "\r\n\r\n";
        long askedNanos = System.nanoTime();
        try (Socket socket = new Socket(server.getHost(), server.getPort())) {
            socket.setSoTimeout(PATIENCE_MS);
            socket.setTcpNoDelay(true);
            OutputStream out = socket.getOutputStream();
            out.write(head.getBytes(UTF_8));
            out.write(bytes);
            return read(new BufferedReader(new InputStreamReader(socket.getInputStream(), UTF_8)), askedNanos);
        }
    }

    private static Answer read(BufferedReader lines, long askedNanos) throws IOException {
        long firstNanos = 0;
        JsonObject usage = null;
        StringBuilder said = new StringBuilder();
        for (String line = lines.readLine(); !END.equals(line); line = lines.readLine()) {
            if (line == null) {
                throw new IOException("the stream broke off: " + said);
            }
            if (!line.startsWith(EVENT)) {
                said.append(line).append('\n');
            } else if (line.contains(USAGE)) {
                usage = new JsonObject(line.substring(EVENT.length())).getJsonObject("usage");
            } else if (firstNanos == 0 && hasText(line)) {
                firstNanos = System.nanoTime() - askedNanos;
            }
        }
        if (usage == null || firstNanos == 0) {
            throw new IOException("no text or no usage: " + said);
        }
        return new Answer(firstNanos, usage.getInteger("prompt_tokens"), usage.getInteger("completion_tokens"));
    }

    private static boolean hasText(String line) {
        int at = line.indexOf(CONTENT);
        return at >= 0 && line.charAt(at + CONTENT.length()) != '"';
    }
}
