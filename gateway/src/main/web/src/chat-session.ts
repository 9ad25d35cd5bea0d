import { Connection, type ConnectionState, type Socket } from './connection.ts';
import {
  accepted,
  applyEvent,
  ask,
  failed,
  inputFor,
  newConversation,
  runningTurn,
  stopping,
  withoutTurn,
  type Conversation,
  type Turn,
} from './conversation.ts';
import { forgetful, type ConversationStore } from './conversation-store.ts';
import { CONNECTION_LOST } from './failures.ts';
import { parseFrame } from './frames.ts';
import { toSend, type Settings } from './parameters.ts';
import type { ClientFrame, Created, Failure, InputMessage, ServerError } from './protocol.ts';
import { uniqueId } from './unique-id.ts';

/** The answer had ended before the wish to stop it came: there is nothing to stop, and nothing to say. */
const RESPONSE_NOT_FOUND = 'response_not_found';
/** The answer goes on; the reader may press again. */
const CANCELLATION_NOT_SENT = 'cancellation_not_sent';

/** What the page shows, and what its buttons do: a conversation at one end of a connection. */
export class ChatSession {
  conversation: Conversation = newConversation(uniqueId());
  connectionState: ConnectionState = { kind: 'connecting' };
  /** The name of the model that answered last; null while the server has named none. */
  model: string | null = null;
  /** An error that belongs to no answer. */
  notice: Failure | null = null;

  private readonly connection: Connection;
  /** The `event_id` of the last wish to resume. */
  private resumeId: string | null = null;

  /** @param store where the conversation is kept, so that a reload changes nothing */
  constructor(
    private readonly changed: () => void,
    openSocket: () => Socket,
    private readonly store: ConversationStore = forgetful,
  ) {
    this.conversation = store.load() ?? this.conversation;
    this.failUnlessResumable();
    this.connection = new Connection(
      { onState: (state) => this.onState(state), onFrame: (data) => this.onFrame(data) },
      openSocket,
    );
  }

  connect(): void {
    this.connection.connect();
  }

  close(): void {
    this.connection.close();
  }

  get running(): Turn | null {
    return runningTurn(this.conversation);
  }

  /** False when it could not be sent: there is no connection, or an answer is still under way. */
  send(prompt: string, settings: Settings): boolean {
    if (this.running !== null) {
      return false;
    }
    const id = uniqueId();
    const input = inputFor(this.conversation, prompt, settings.includeHistory);
    if (!this.connection.send(this.create(id, input, settings))) {
      return false;
    }
    this.notice = null;
    this.conversation = ask(this.conversation, id, prompt, settings.includeHistory);
    this.store.save(this.conversation);
    this.changed();
    return true;
  }

  /** Asks again for what failed, in place of the turn that failed. */
  tryAgain(turn: Turn, settings: Settings): void {
    const before = this.conversation;
    this.conversation = withoutTurn(before, turn.id);
    if (!this.send(turn.prompt, settings)) {
      this.conversation = before;
    }
  }

  stop(): void {
    if (this.running?.answer.stopping === false) {
      this.cancel(this.running.answer.responseId);
      this.conversation = stopping(this.conversation, true);
      this.changed();
    }
  }

  /** An answer that is still under way is stopped; what comes of it after this belongs to nobody. */
  startOver(): void {
    this.stop();
    this.conversation = newConversation(uniqueId());
    this.store.save(this.conversation);
    this.notice = null;
    this.changed();
  }

  private create(id: string, input: readonly InputMessage[], settings: Settings): ClientFrame {
    return {
      type: 'response.create',
      event_id: id,
      conversation: this.conversation.id,
      input,
      ...toSend(settings.parameters),
    };
  }

  private onState(state: ConnectionState): void {
    this.connectionState = state;
    if (state.kind === 'lost') {
      this.failUnlessResumable();
    } else if (state.kind === 'open') {
      this.resume();
    }
    this.changed();
  }

  /** An answer that the server had not yet accepted is nowhere. */
  private failUnlessResumable(): void {
    if (this.running?.answer.cursor === null) {
      this.conversation = failed(this.conversation, { code: CONNECTION_LOST, message: '', param: null });
      this.store.save(this.conversation);
    }
  }

  private resume(): void {
    const answer = this.running?.answer;
    if (answer?.cursor != null) {
      this.resumeId = uniqueId();
      this.connection.send({
        type: 'response.resume',
        event_id: this.resumeId,
        cursor: answer.cursor,
        starting_after: answer.sequence,
      });
      if (answer.stopping) {
        this.cancel(answer.responseId);
      }
    }
  }

  private onFrame(data: unknown): void {
    const event = parseFrame(data);
    if (event === null) {
      return;
    }
    if (event.type === 'error') {
      this.onError(event);
    } else if (event.type === 'response.created') {
      this.onCreated(event);
    } else {
      this.conversation = applyEvent(this.conversation, event);
      if (this.running === null || event.type === 'response.resumed') {
        this.store.save(this.conversation);
      }
    }
    this.changed();
  }

  private onCreated(event: Created): void {
    this.model = event.model ?? this.model;
    this.conversation = applyEvent(accepted(this.conversation, event.eventId, event.responseId), event);
    this.store.save(this.conversation);
    const answer = this.running?.answer;
    if (answer?.responseId !== event.responseId || answer.stopping) {
      this.cancel(event.responseId);
    }
  }

  private onError({ eventId, error }: ServerError): void {
    if (this.refuses(eventId)) {
      this.conversation = failed(this.conversation, error);
      this.store.save(this.conversation);
    } else if (error.code === CANCELLATION_NOT_SENT) {
      this.conversation = stopping(this.conversation, false);
      this.notice = error;
    } else if (error.code !== RESPONSE_NOT_FOUND) {
      this.notice = error;
    }
  }

  /** A frame that the server could not even read has no id to go by: it was the prompt, the only one that can be so. */
  private refuses(eventId: string | null): boolean {
    const turn = this.running;
    return (
      turn !== null &&
      (eventId === null ? turn.answer.responseId === null : eventId === turn.id || eventId === this.resumeId)
    );
  }

  /** Nothing to say for a response that has no id yet: it is cancelled when it gets one. */
  private cancel(responseId: string | null): void {
    if (responseId !== null) {
      this.connection.send({ type: 'response.cancel', event_id: uniqueId(), response_id: responseId });
    }
  }
}
