import { describe, expect, it } from 'vitest';
import { parseFrame } from '../src/frames.ts';

const frame = (type: string, fields: object = {}): string =>
  JSON.stringify({ type, sequence_number: 4, response_id: 'r1', ...fields });

describe('parseFrame', () => {
  it('reads what accepts a prompt', () => {
    const event = parseFrame(frame('response.created', { event_id: 'e1', response: { id: 'r1', model: 'demo' } }));

    expect(event).toEqual({
      type: 'response.created',
      responseId: 'r1',
      sequence: 4,
      eventId: 'e1',
      model: 'demo',
      cursor: null,
    });
  });

  it('finds the id of a response that only the response itself names', () => {
    const event = parseFrame('{"type":"response.created","response":{"id":"r2","model":null}}');

    expect(event).toEqual({
      type: 'response.created',
      responseId: 'r2',
      sequence: null,
      eventId: null,
      model: null,
      cursor: null,
    });
  });

  it('reads text in any script as it is', () => {
    const event = parseFrame(frame('response.output_text.delta', { delta: 'قمر 🌙 <b>' }));

    expect(event).toMatchObject({ delta: 'قمر 🌙 <b>' });
  });

  it('reads how far a prompt has come', () => {
    expect(parseFrame(frame('response.queued', { queue_position: 3 }))).toMatchObject({ queuePosition: 3 });
    expect(parseFrame(frame('response.progress', { prefilled_tokens: 5, prompt_tokens: 9 }))).toMatchObject({
      queuePosition: null,
      prefilledTokens: 5,
      promptTokens: 9,
    });
  });

  it('reads usage and timings of an end', () => {
    const response = {
      usage: { input_tokens: 7, output_tokens: 2, total_tokens: 9 },
      timings: { queue_ms: 1, time_to_first_token_ms: 12.5, tokens_per_second: null },
    };

    expect(parseFrame(frame('response.completed', { response }))).toMatchObject({
      usage: { inputTokens: 7, outputTokens: 2 },
      timings: { timeToFirstTokenMs: 12.5, tokensPerSecond: null },
    });
  });

  it('reads an end that nobody measured', () => {
    const response = {
      incomplete_details: { reason: 'expired' },
      usage: null,
      timings: { time_to_first_token_ms: null, tokens_per_second: null },
    };

    const event = parseFrame(frame('response.incomplete', { response }));

    expect(event).toMatchObject({ reason: 'expired', usage: null, timings: null });
  });

  it('takes no figure that cannot be one', () => {
    const response = {
      usage: { input_tokens: '7', output_tokens: 2 },
      timings: { time_to_first_token_ms: -5, tokens_per_second: 3 },
    };

    expect(parseFrame(frame('response.completed', { response }))).toMatchObject({
      usage: null,
      timings: { timeToFirstTokenMs: null, tokensPerSecond: 3 },
    });
  });

  it('reads why a response failed', () => {
    const response = { error: { code: 'internal', message: 'no', param: null } };

    expect(parseFrame(frame('response.failed', { response }))).toMatchObject({
      error: { code: 'internal', message: 'no', param: null },
    });
  });

  it('reads an error, flat or in an object of its own', () => {
    const error = { code: 'invalid_value', message: 'too hot', param: 'temperature' };

    expect(parseFrame(JSON.stringify({ type: 'error', ...error, event_id: 'e1' }))).toEqual({
      type: 'error',
      error,
      eventId: 'e1',
    });
    expect(parseFrame(JSON.stringify({ type: 'error', error }))).toEqual({ type: 'error', error, eventId: null });
  });

  it.each([
    ['a type of a newer server', frame('response.reasoning.delta', { delta: 'x' })],
    ['no JSON', 'hello'],
    ['no object', '"response.created"'],
    ['null', 'null'],
    ['a binary frame', new ArrayBuffer(2)],
    ['no type', '{"response_id":"r1"}'],
    ['an event of no response', '{"type":"response.in_progress"}'],
    ['a delta without text', frame('response.output_text.delta', { delta: 7 })],
    ['a whole text without text', frame('response.output_text.done')],
  ])('passes over %s', (_what, data) => {
    expect(parseFrame(data)).toBeNull();
  });
});
