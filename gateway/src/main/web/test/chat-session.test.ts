import { beforeEach, describe, expect, it } from 'vitest';
import { ChatSession } from '../src/chat-session.ts';
import { storeIn } from '../src/conversation-store.ts';
import type { Answer } from '../src/conversation.ts';
import { defaults } from '../src/parameters.ts';
import { FakeSocket } from './fake-socket.ts';

describe('ChatSession', () => {
  let socket: FakeSocket;
  let session: ChatSession;
  let changes: number;

  beforeEach(() => {
    changes = 0;
    session = new ChatSession(
      () => changes++,
      () => (socket = new FakeSocket()),
    );
    session.connect();
    socket.opens();
  });

  const lastSent = (): Record<string, unknown> => socket.sent.at(-1) ?? {};

  const answer = (): Answer | undefined => session.conversation.turns.at(-1)?.answer;

  function ask(prompt: string): string {
    session.send(prompt, defaults);
    return lastSent()['event_id'] as string;
  }

  function accept(eventId: string, responseId: string): void {
    socket.receives({
      type: 'response.created',
      sequence_number: 0,
      response_id: responseId,
      event_id: eventId,
      response: { id: responseId, model: 'demo' },
    });
  }

  function say(responseId: string, sequence: number, delta: string): void {
    socket.receives({
      type: 'response.output_text.delta',
      sequence_number: sequence,
      response_id: responseId,
      delta,
    });
  }

  function end(responseId: string, sequence: number): void {
    socket.receives({ type: 'response.completed', sequence_number: sequence, response_id: responseId, response: {} });
  }

  it('asks with the conversation, the input and the parameters that the server knows', () => {
    const eventId = ask('Why?');

    expect(lastSent()).toEqual({
      type: 'response.create',
      event_id: eventId,
      conversation: session.conversation.id,
      input: [{ role: 'user', content: 'Why?' }],
      max_new_tokens: 512,
      temperature: 0.7,
      top_p: 0.8,
      repetition_penalty: 1,
      no_repeat_ngram_size: 0,
      do_sample: true,
      loop_guard: true,
    });
  });

  it('shows the answer as it comes, and which model gave it', () => {
    accept(ask('Why?'), 'r1');
    const before = changes;
    say('r1', 1, 'Be');
    say('r1', 2, 'cause');

    expect(answer()).toMatchObject({ text: 'Because', state: 'streaming' });
    expect(session.model).toBe('demo');
    expect(changes).toBe(before + 2);
  });

  it('sends nothing while an answer is under way', () => {
    accept(ask('Why?'), 'r1');

    expect(session.send('And?', defaults)).toBe(false);
    expect(socket.sent).toHaveLength(1);
  });

  it('sends nothing without a connection', () => {
    socket.drops();

    expect(session.send('Why?', defaults)).toBe(false);
    expect(session.conversation.turns).toEqual([]);
    session.close();
  });

  it('cancels the response that is under way, once', () => {
    accept(ask('Why?'), 'r1');
    session.stop();
    session.stop();

    expect(socket.sent).toHaveLength(2);
    expect(lastSent()).toMatchObject({ type: 'response.cancel', response_id: 'r1' });
  });

  it('cancels a response that was stopped before it had an id as soon as it has one', () => {
    const eventId = ask('Why?');
    session.stop();
    expect(socket.sent).toHaveLength(1);

    accept(eventId, 'r1');

    expect(lastSent()).toMatchObject({ type: 'response.cancel', response_id: 'r1' });
  });

  it('cancels the answer that a new conversation leaves behind', () => {
    accept(ask('Why?'), 'r1');
    session.startOver();

    expect(lastSent()).toMatchObject({ type: 'response.cancel', response_id: 'r1' });
    expect(session.conversation.turns).toEqual([]);
  });

  it('keeps the answer to the conversation before out of the new one', () => {
    const old = ask('Why?');
    session.startOver();
    const current = ask('Who?');

    accept(old, 'r1');
    expect(lastSent()).toMatchObject({ type: 'response.cancel', response_id: 'r1' });
    say('r1', 1, 'old');
    accept(current, 'r2');
    say('r2', 1, 'new');

    expect(answer()?.text).toBe('new');
  });

  it('shows a refusal at the prompt that was refused', () => {
    const eventId = ask('Why?');
    socket.receives({ type: 'error', code: 'invalid_value', message: 'no', param: 'top_p', event_id: eventId });

    expect(answer()).toMatchObject({ state: 'error', error: { code: 'invalid_value', param: 'top_p' } });
    expect(session.notice).toBeNull();
  });

  it('takes the refusal of a frame that could not be read for that of the prompt', () => {
    ask('Why?');
    socket.receives({ type: 'error', code: 'event_too_large', message: 'no', param: null, event_id: null });

    expect(answer()).toMatchObject({ state: 'error', error: { code: 'event_too_large' } });
  });

  it('shows an error that is about no answer apart from the answers', () => {
    accept(ask('Why?'), 'r1');
    socket.receives({ type: 'error', code: 'unknown_event', message: 'no', param: null, event_id: null });

    expect(answer()?.state).toBe('streaming');
    expect(session.notice?.code).toBe('unknown_event');
  });

  it('lets the reader stop again when the stop was not sent on', () => {
    accept(ask('Why?'), 'r1');
    session.stop();
    const cancelId = lastSent()['event_id'];
    socket.receives({ type: 'error', code: 'cancellation_not_sent', message: 'no', param: null, event_id: cancelId });

    expect(answer()).toMatchObject({ stopping: false, state: 'streaming' });
    session.stop();
    expect(socket.sent).toHaveLength(3);
  });

  it('says nothing of a stop that came too late', () => {
    accept(ask('Why?'), 'r1');
    session.stop();
    end('r1', 1);
    socket.receives({ type: 'error', code: 'response_not_found', message: 'no', event_id: lastSent()['event_id'] });

    expect(answer()?.state).toBe('done');
    expect(session.notice).toBeNull();
  });

  it('ends the answer when the connection is lost, and asks again in its place', () => {
    accept(ask('Why?'), 'r1');
    say('r1', 1, 'Half');
    socket.drops();
    expect(answer()).toMatchObject({ state: 'error', text: 'Half', error: { code: 'connection_lost' } });

    session.connect();
    socket.opens();
    const [turn] = session.conversation.turns;
    if (turn !== undefined) {
      session.tryAgain(turn, defaults);
    }

    expect(session.conversation.turns).toHaveLength(1);
    expect(answer()).toMatchObject({ state: 'streaming', text: '' });
    expect(lastSent()).toMatchObject({ input: [{ role: 'user', content: 'Why?' }] });
    session.close();
  });

  it('keeps the turn when it cannot be asked again', () => {
    ask('Why?');
    socket.drops();
    const [turn] = session.conversation.turns;
    if (turn !== undefined) {
      session.tryAgain(turn, defaults);
    }

    expect(session.conversation.turns).toEqual([turn]);
    session.close();
  });

  describe('with a server that resumes', () => {
    const acceptWith = (eventId: string, cursor: string): void => {
      socket.receives({
        type: 'response.created',
        sequence_number: 0,
        response_id: 'r1',
        event_id: eventId,
        cursor,
        response: { id: 'r1' },
      });
    };

    it('goes on with the answer behind the last event that it has', () => {
      acceptWith(ask('Why?'), 'c1');
      say('r1', 9, 'Be');
      socket.drops();
      expect(answer()).toMatchObject({ state: 'streaming', text: 'Be' });

      session.connect();
      socket.opens();
      expect(socket.sent).toMatchObject([{ type: 'response.resume', cursor: 'c1', starting_after: 9 }]);
      socket.receives({ type: 'response.resumed', sequence_number: 9, response_id: 'r1', cursor: 'c2' });
      say('r1', 9, 'Be');
      say('r1', 13, 'cause');
      end('r1', 19);

      expect(answer()).toMatchObject({ state: 'done', text: 'Because', cursor: 'c2' });
      session.close();
    });

    it('says again that it is to stop', () => {
      acceptWith(ask('Why?'), 'c1');
      socket.drops();
      session.stop();

      session.connect();
      socket.opens();

      expect(socket.sent).toMatchObject([{ type: 'response.resume' }, { type: 'response.cancel', response_id: 'r1' }]);
      session.close();
    });

    it('gives up an answer that cannot be resumed', () => {
      acceptWith(ask('Why?'), 'c1');
      socket.drops();
      session.connect();
      socket.opens();
      const eventId = lastSent()['event_id'];
      socket.receives({ type: 'error', code: 'cursor_key_unknown', message: 'no', param: null, event_id: eventId });

      expect(answer()).toMatchObject({ state: 'error', error: { code: 'cursor_key_unknown' } });
      session.close();
    });

    it('is the same after a reload', () => {
      const items = new Map<string, string>();
      const storage = {
        getItem: (key: string) => items.get(key) ?? null,
        setItem: (key: string, value: string) => void items.set(key, value),
      } as Storage;
      const load = (): void => {
        session.close();
        session = new ChatSession(
          () => changes++,
          () => (socket = new FakeSocket()),
          storeIn(() => storage),
        );
        session.connect();
        socket.opens();
      };
      load();
      acceptWith(ask('Why?'), 'c1');
      say('r1', 9, 'Be');

      load();
      expect(socket.sent).toMatchObject([{ type: 'response.resume', cursor: 'c1', starting_after: -1 }]);
      say('r1', 13, 'Because');
      end('r1', 19);
      load();

      expect(socket.sent).toEqual([]);
      expect(answer()).toMatchObject({ state: 'done', text: 'Because' });
      session.close();
    });
  });
});
