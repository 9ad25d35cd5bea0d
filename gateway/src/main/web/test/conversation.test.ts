import { describe, expect, it } from 'vitest';
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
  type Answer,
  type Conversation,
} from '../src/conversation.ts';
import type { ServerEvent } from '../src/protocol.ts';

const asked = accepted(ask(newConversation('c'), 't1', 'Why?', true), 't1', 'r1');
const nothingMeasured = { usage: null, timings: null };

function delta(sequence: number | null, text: string, responseId = 'r1'): ServerEvent {
  return { type: 'response.output_text.delta', responseId, sequence, delta: text };
}

function completed(sequence: number, responseId = 'r1'): ServerEvent {
  return { type: 'response.completed', responseId, sequence, ...nothingMeasured };
}

function incomplete(sequence: number, reason: string): ServerEvent {
  return { type: 'response.incomplete', responseId: 'r1', sequence, reason, ...nothingMeasured };
}

function after(conversation: Conversation, ...events: ServerEvent[]): Conversation {
  return events.reduce(applyEvent, conversation);
}

function lastAnswer(conversation: Conversation): Answer {
  const turn = conversation.turns.at(-1);
  if (turn === undefined) {
    throw new Error('no turn');
  }
  return turn.answer;
}

describe('an answer', () => {
  it('grows by each delta and ends', () => {
    const answer = lastAnswer(after(asked, delta(1, 'Because '), delta(2, 'of 🌙.'), completed(3)));

    expect(answer).toMatchObject({ state: 'done', text: 'Because of 🌙.', note: null });
  });

  it('takes the whole text for the truth', () => {
    const done: ServerEvent = { type: 'response.output_text.done', responseId: 'r1', sequence: 3, text: 'whole' };

    expect(lastAnswer(after(asked, delta(1, 'who'), done)).text).toBe('whole');
  });

  it('starts over when it is restarted, and says so', () => {
    const restarted: ServerEvent = { type: 'response.restarted', responseId: 'r1', sequence: 2 };

    const answer = lastAnswer(after(asked, delta(1, 'old'), restarted, delta(3, 'new'), completed(4)));

    expect(answer).toMatchObject({ text: 'new', note: 'restarted', state: 'done' });
  });

  it('counts an event once, and none that comes after a later one', () => {
    const answer = lastAnswer(after(asked, delta(1, 'a'), delta(3, 'b'), delta(3, 'b'), delta(2, 'late')));

    expect(answer.text).toBe('ab');
  });

  it('takes events without a number in the order in which they come', () => {
    expect(lastAnswer(after(asked, delta(null, 'a'), delta(null, 'b'))).text).toBe('ab');
  });

  it('hears nothing from another response', () => {
    const conversation = after(asked, delta(1, 'x', 'r0'), completed(2, 'r0'));

    expect(conversation).toBe(asked);
  });

  it('hears nothing before it is accepted', () => {
    const unaccepted = ask(newConversation('c'), 't1', 'Why?', true);

    expect(applyEvent(unaccepted, delta(1, 'x'))).toBe(unaccepted);
  });

  it('hears nothing after its end', () => {
    const ended = after(asked, delta(1, 'a'), completed(2));

    expect(applyEvent(ended, delta(3, 'b'))).toBe(ended);
  });

  it('shows progress until work begins', () => {
    const progress = { queuePosition: 2, prefilledTokens: null, promptTokens: null };
    const queued = after(asked, { type: 'response.queued', responseId: 'r1', sequence: 1, ...progress });
    const working = after(queued, { type: 'response.in_progress', responseId: 'r1', sequence: 2 });

    expect(lastAnswer(queued).progress).toMatchObject(progress);
    expect(lastAnswer(working).progress).toBeNull();
  });

  it.each([
    ['max_output_tokens', { state: 'done', note: 'max_output_tokens' }],
    ['repetition', { state: 'done', note: 'repetition' }],
    ['cancelled', { state: 'stopped', note: null }],
    ['expired', { state: 'error', error: { code: 'expired', message: '', param: null } }],
  ])('that is incomplete by %s keeps its text', (reason, expected) => {
    const answer = lastAnswer(after(asked, delta(1, 'half'), incomplete(2, reason)));

    expect(answer).toMatchObject({ text: 'half', ...expected });
  });

  it('keeps the figures of its end', () => {
    const measured = {
      usage: { inputTokens: 3, outputTokens: 5 },
      timings: { timeToFirstTokenMs: 20, tokensPerSecond: 30 },
    };

    const answer = lastAnswer(after(asked, { ...completed(1), ...measured }));

    expect(answer).toMatchObject(measured);
  });

  it('that fails keeps its text and the reason', () => {
    const error = { code: 'internal', message: 'no', param: null };
    const failure: ServerEvent = { type: 'response.failed', responseId: 'r1', sequence: 2, error, ...nothingMeasured };

    expect(lastAnswer(after(asked, delta(1, 'half'), failure))).toMatchObject({ state: 'error', text: 'half', error });
  });
});

describe('a conversation', () => {
  const error = { code: 'connection_lost', message: '', param: null };

  it('runs one answer, the last', () => {
    expect(runningTurn(asked)?.id).toBe('t1');
    expect(runningTurn(after(asked, completed(1)))).toBeNull();
    expect(runningTurn(newConversation('c'))).toBeNull();
  });

  it('accepts only the turn that was meant, and once', () => {
    expect(accepted(asked, 't0', 'r9')).toBe(asked);
    expect(accepted(asked, 't1', 'r9')).toBe(asked);
  });

  it('fails the running answer, and none that has ended', () => {
    const ended = after(asked, completed(1));

    expect(lastAnswer(failed(asked, error))).toMatchObject({ state: 'error', error });
    expect(failed(ended, error)).toBe(ended);
  });

  it('remembers that the reader wants to stop until the answer ends', () => {
    const stopped = after(stopping(asked, true), incomplete(1, 'cancelled'));

    expect(lastAnswer(stopping(asked, true))).toMatchObject({ stopping: true, state: 'streaming' });
    expect(lastAnswer(stopped).state).toBe('stopped');
  });

  it('leaves the turns alone that an event does not touch', () => {
    const two = accepted(ask(after(asked, completed(1)), 't2', 'And?', true), 't2', 'r2');

    expect(after(two, delta(1, 'x', 'r2')).turns[0]).toBe(two.turns[0]);
  });

  it('can lose a turn', () => {
    expect(withoutTurn(asked, 't1').turns).toEqual([]);
  });
});

describe('the input for a prompt', () => {
  const question = { role: 'user', content: 'And?' };
  const history = [
    { role: 'user', content: 'Why?' },
    { role: 'assistant', content: 'So.' },
  ];

  it('has the turns before it', () => {
    expect(inputFor(after(asked, delta(1, 'So.'), completed(2)), 'And?', true)).toEqual([...history, question]);
  });

  it('has what was said before the reader stopped it', () => {
    const conversation = after(asked, delta(1, 'So.'), incomplete(2, 'cancelled'));

    expect(inputFor(conversation, 'And?', true)).toEqual([...history, question]);
  });

  it('is the prompt alone without history', () => {
    expect(inputFor(after(asked, delta(1, 'So.'), completed(2)), 'And?', false)).toEqual([question]);
  });

  it('leaves out turns that failed or have no text', () => {
    const failedTurn = failed(after(asked, delta(1, 'half')), { code: 'internal', message: '', param: null });
    const emptyTurn = after(asked, incomplete(1, 'cancelled'));

    expect(inputFor(failedTurn, 'And?', true)).toEqual([question]);
    expect(inputFor(emptyTurn, 'And?', true)).toEqual([question]);
  });
});
