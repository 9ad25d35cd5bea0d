package dev.millrace.gateway.dialect;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.SecureRandom;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import javax.crypto.AEADBadTagException;
import javax.crypto.Cipher;
import javax.crypto.SecretKey;
import javax.crypto.spec.GCMParameterSpec;
import javax.crypto.spec.SecretKeySpec;
import org.jspecify.annotations.Nullable;

/**
 * Seals where a response's log begins into a text that a client keeps and cannot read, change or lend: AES-256-GCM,
 * bound to the reply topic and to the principal that it was given to. Every gateway with the key opens it.
 *
 * <p>Conversations are named likewise. The text is base64url of: what it is (1 byte), key id (4: of the key's SHA-256), nonce (12, random), sealed bytes with
 * their tag. Random nonces are good for 2^32 seals under one key. Immutable; any thread.
 */
public final class CursorSeal {
    static final int KEY_BYTES = 32;
    /** The first byte: what is sealed, and how. */
    private static final byte CURSOR = 1;

    private static final byte CONVERSATION = 2;
    private static final int KEY_ID_BYTES = 4;
    private static final int NONCE_BYTES = 12;
    private static final int TAG_BITS = 128;
    private static final int HEAD_BYTES = 1 + KEY_ID_BYTES + NONCE_BYTES;
    private static final int LONGEST_PLAIN = 4096;
    private static final int BACKGROUND = 1;
    private static final int STORED = 2;

    private final Map<Integer, SecretKey> keys = new LinkedHashMap<>();
    private final int sealingKey;
    private final String topic;
    private final SecureRandom random = new SecureRandom();

    /**
     * @param keys of 32 bytes each: the first one seals, all of them open
     * @param topic the reply topic
     */
    public CursorSeal(List<byte[]> keys, String topic) {
        for (byte[] key : keys) {
            if (key.length != KEY_BYTES) {
                throw new IllegalArgumentException("a cursor key has 32 bytes");
            }
            this.keys.put(keyId(key), new SecretKeySpec(key, "AES"));
        }
        this.sealingKey = keyId(keys.get(0));
        this.topic = topic;
    }

    /** With a key that no other gateway has, and that ends with this process. */
    public static CursorSeal ofThisProcess(String topic) {
        byte[] key = new byte[KEY_BYTES];
        new SecureRandom().nextBytes(key);
        return new CursorSeal(List.of(key), topic);
    }

    /** Keys as they stand in settings: base64 of 32 bytes each. */
    public static List<byte[]> keys(List<String> texts) {
        List<byte[]> keys = new ArrayList<>();
        for (String text : texts) {
            byte[] key = decoded(Base64.getDecoder(), text);
            if (key == null || key.length != KEY_BYTES) {
                throw new IllegalArgumentException("each must be base64 of 32 bytes");
            }
            keys.add(key);
        }
        return keys;
    }

    /** A text of some 250 characters that only this principal can resume with. */
    public String seal(ResumePoint point, String principal) {
        return seal(CURSOR, encode(point), principal);
    }

    /** A name of some 70 characters that only this principal can go on with. */
    public String seal(UUID conversation, String principal) {
        byte[] id = ByteBuffer.allocate(2 * Long.BYTES)
                .putLong(conversation.getMostSignificantBits())
                .putLong(conversation.getLeastSignificantBits())
                .array();
        return seal(CONVERSATION, id, principal);
    }

    private String seal(byte kind, byte[] plain, String principal) {
        byte[] nonce = new byte[NONCE_BYTES];
        random.nextBytes(nonce);
        byte[] head = ByteBuffer.allocate(HEAD_BYTES)
                .put(kind)
                .putInt(sealingKey)
                .put(nonce)
                .array();
        try {
            byte[] sealed = cipher(Cipher.ENCRYPT_MODE, key(sealingKey), head, principal)
                    .doFinal(plain);
            return Base64.getUrlEncoder()
                    .withoutPadding()
                    .encodeToString(ByteBuffer.allocate(HEAD_BYTES + sealed.length)
                            .put(head)
                            .put(sealed)
                            .array());
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("every JVM has AES-GCM", e);
        }
    }

    /**
     * What was sealed.
     *
     * @throws BadEventException {@code invalid_cursor} for what is none, was changed, or was another principal's or
     *     topic's; {@code cursor_key_unknown} for one that was sealed with a key that this gateway does not have
     */
    public ResumePoint open(String cursor, String principal) throws BadEventException {
        try {
            return decode(open(CURSOR, cursor, principal));
        } catch (BufferUnderflowException e) {
            throw invalid();
        }
    }

    /**
     * The conversation of this name.
     *
     * @throws BadEventException as with cursors
     */
    public UUID openConversation(String name, String principal) throws BadEventException {
        ByteBuffer id = open(CONVERSATION, name, principal);
        return new UUID(id.getLong(), id.getLong());
    }

    private ByteBuffer open(byte kind, String text, String principal) throws BadEventException {
        byte[] bytes = decoded(Base64.getUrlDecoder(), text);
        if (bytes == null || bytes.length < HEAD_BYTES + TAG_BITS / 8 || bytes[0] != kind) {
            throw invalid();
        }
        SecretKey key = keys.get(ByteBuffer.wrap(bytes).getInt(1));
        if (key == null) {
            throw new BadEventException(
                    ErrorCode.CURSOR_KEY_UNKNOWN, "cursor", "this gateway does not have the key of this cursor");
        }
        try {
            byte[] head =
                    ByteBuffer.allocate(HEAD_BYTES).put(bytes, 0, HEAD_BYTES).array();
            byte[] plain = cipher(Cipher.DECRYPT_MODE, key, head, principal)
                    .doFinal(bytes, HEAD_BYTES, bytes.length - HEAD_BYTES);
            return ByteBuffer.wrap(plain);
        } catch (AEADBadTagException e) {
            throw invalid();
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("every JVM has AES-GCM", e);
        }
    }

    private static BadEventException invalid() {
        return new BadEventException(ErrorCode.INVALID_CURSOR, "cursor", "the cursor is not one that you were given");
    }

    private Cipher cipher(int mode, SecretKey key, byte[] head, String principal) throws GeneralSecurityException {
        Cipher cipher = Cipher.getInstance("AES/GCM/NoPadding");
        cipher.init(mode, key, new GCMParameterSpec(TAG_BITS, head, 1 + KEY_ID_BYTES, NONCE_BYTES));
        cipher.updateAAD(head);
        cipher.updateAAD((topic + '\0' + principal).getBytes(UTF_8)); // no topic has this character
        return cipher;
    }

    private SecretKey key(int id) {
        SecretKey key = keys.get(id);
        if (key == null) {
            throw new IllegalStateException("the sealing key is one of the keys");
        }
        return key;
    }

    private static int keyId(byte[] key) {
        try {
            return ByteBuffer.wrap(MessageDigest.getInstance("SHA-256").digest(key))
                    .getInt();
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JVM has SHA-256", e);
        }
    }

    private static byte @Nullable [] decoded(Base64.Decoder decoder, String text) {
        try {
            return decoder.decode(text);
        } catch (IllegalArgumentException e) {
            return null;
        }
    }

    private static byte[] encode(ResumePoint point) {
        ByteBuffer plain = ByteBuffer.allocate(LONGEST_PLAIN)
                .putLong(point.promptId().getMostSignificantBits())
                .putLong(point.promptId().getLeastSignificantBits())
                .putInt(point.partition())
                .putLong(point.offset())
                .putLong(point.createdAt().getEpochSecond());
        put(plain, point.conversation());
        put(plain, point.model() == null ? "" : point.model());
        plain.put((byte) ((point.background() ? BACKGROUND : 0) | (point.stored() ? STORED : 0)));
        byte[] bytes = new byte[plain.position()];
        plain.flip().get(bytes);
        return bytes;
    }

    private static void put(ByteBuffer plain, String text) {
        byte[] bytes = text.getBytes(UTF_8);
        plain.putShort((short) bytes.length).put(bytes);
    }

    private static ResumePoint decode(ByteBuffer plain) {
        UUID promptId = new UUID(plain.getLong(), plain.getLong());
        int partition = plain.getInt();
        long offset = plain.getLong();
        Instant createdAt = Instant.ofEpochSecond(plain.getLong());
        String conversation = text(plain);
        String model = text(plain);
        int flags = plain.hasRemaining() ? plain.get() : 0; // older cursors end before
        return new ResumePoint(
                promptId,
                partition,
                offset,
                createdAt,
                conversation,
                model.isEmpty() ? null : model,
                (flags & BACKGROUND) != 0,
                (flags & STORED) != 0);
    }

    private static String text(ByteBuffer plain) {
        byte[] bytes = new byte[plain.getShort()];
        plain.get(bytes);
        return new String(bytes, UTF_8);
    }
}
