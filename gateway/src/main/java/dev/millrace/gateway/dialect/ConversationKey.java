package dev.millrace.gateway.dialect;

import dev.millrace.schemas.event.Message;
import dev.millrace.schemas.event.Role;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;

/**
 * Names the conversation of a client that names none, by what all its turns have in common: the system part and the
 * first message of the user. So they reach the same worker, which still holds their keys and values.
 */
final class ConversationKey {
    private ConversationKey() {}

    /** 64 hexadecimal digits. */
    static String of(List<Message> messages) {
        MessageDigest digest = sha256();
        digest.update(first(Role.SYSTEM, messages));
        digest.update(first(Role.USER, messages));
        return HexFormat.of().formatHex(digest.digest());
    }

    /** With its length before it, so that no text of the one can pass for the beginning of the other. */
    private static byte[] first(Role role, List<Message> messages) {
        String content = messages.stream()
                .filter(message -> message.getRole() == role)
                .findFirst()
                .map(Message::getContent)
                .orElse("");
        byte[] bytes = content.getBytes(StandardCharsets.UTF_8);
        return ByteBuffer.allocate(Integer.BYTES + bytes.length)
                .putInt(bytes.length)
                .put(bytes)
                .array();
    }

    private static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JVM has SHA-256", e);
        }
    }
}
