package dev.millrace.gateway.dialect;

import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** A kept conversation's public id, which nobody can guess and every gateway can open. */
public final class ConversationId {
    private static final String PREFIX = "conv_";
    /** Of a sealed id, in base64url. */
    private static final int CHARACTERS = 66;

    private ConversationId() {}

    /** Of this conversation. */
    public static String of(UUID conversation, CursorSeal seal, String principal) {
        return PREFIX + seal.seal(conversation, principal);
    }

    /**
     * The conversation that is meant.
     *
     * @return null for a text that has not the form of an id: it may be a name that a client made up
     * @throws BadEventException for one that looks like an id and is none
     */
    public static @Nullable UUID open(String text, CursorSeal seal, String principal) throws BadEventException {
        if (!text.startsWith(PREFIX) || text.length() != PREFIX.length() + CHARACTERS) {
            return null;
        }
        try {
            return seal.openConversation(text.substring(PREFIX.length()), principal);
        } catch (BadEventException e) {
            throw BadEventException.noConversation();
        }
    }
}
