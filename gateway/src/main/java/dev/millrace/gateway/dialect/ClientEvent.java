package dev.millrace.gateway.dialect;

import dev.millrace.schemas.event.Message;
import dev.millrace.schemas.event.Prompt;
import dev.millrace.schemas.event.ReplyAddress;
import dev.millrace.schemas.event.Sampling;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** What a client may say, checked. Immutable. */
public sealed interface ClientEvent {
    /** What the client calls its event; goes back with what is said about it. */
    @Nullable
    String eventId();

    /**
     * {@code response.create}: answer this.
     *
     * @param conversation the one that the client named, or that its history makes
     * @param messages the system part first, where there is one; the last one is the user's
     * @param language the one to answer in, as the client calls it: which there are is the worker's to say
     * @param adapter the LoRA adapter to answer with; likewise
     * @param background it goes on without its client
     * @param turn what it goes on from, and whether it may be gone on from
     */
    record CreateResponse(
            @Nullable String eventId,
            @Nullable String model,
            String conversation,
            List<Message> messages,
            Sampling sampling,
            @Nullable String language,
            @Nullable String adapter,
            boolean background,
            Turn turn)
            implements ClientEvent {

        /** The same with other parameters. */
        CreateResponse with(Sampling other) {
            return new CreateResponse(
                    eventId, model, conversation, messages, other, language, adapter, background, turn);
        }

        /** The same as a part of this conversation, by whose name it calls it. */
        public CreateResponse in(UUID named) throws BadEventException {
            return new CreateResponse(
                    eventId, model, conversation, messages, sampling, language, adapter, background, turn.in(named));
        }

        /**
         * The same behind the turns before it, in their conversation.
         *
         * @param asked what the previous response was asked, with all before it
         * @param answer the text of that response; empty where it has none
         * @throws BadEventException when that is more than a conversation may have
         */
        public CreateResponse after(Prompt asked, String answer) throws BadEventException {
            Turn joined = turn.after(asked.getMessages(), answer);
            return new CreateResponse(
                    eventId,
                    model,
                    asked.getConversation(),
                    turn.includeHistory() ? joined.prompt() : messages,
                    sampling,
                    language,
                    adapter,
                    background,
                    joined);
        }

        /** What is kept of it: the prompt with all turns before it, and without what is said for this one alone. */
        public Prompt toKeep(Prompt prompt) {
            return Prompt.newBuilder(prompt).setMessages(turn.messages()).build();
        }

        /** The prompt that asks for it. */
        public Prompt toPrompt(UUID id, ReplyAddress replyTo) {
            return Prompt.newBuilder()
                    .setId(id)
                    .setConversation(conversation)
                    .setModel(model)
                    .setMessages(messages)
                    .setSampling(sampling)
                    .setLanguage(language)
                    .setAdapter(adapter)
                    .setReplyTo(replyTo)
                    .build();
        }
    }

    /** {@code response.cancel}: end this response before its time. */
    record CancelResponse(@Nullable String eventId, String responseId) implements ClientEvent {}

    /**
     * {@code response.resume}: go on with this one.
     *
     * @param cursor from its {@code response.created}, not yet opened
     * @param startingAfter the sequence number of the last event that the client has; -1: none
     */
    record ResumeResponse(@Nullable String eventId, String cursor, int startingAfter) implements ClientEvent {}
}
