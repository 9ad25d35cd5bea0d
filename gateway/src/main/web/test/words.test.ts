import { describe as suite, expect, it } from 'vitest';
import { spokenUpTo } from '../src/announcement.ts';
import { figures, noteFor, waitingFor } from '../src/answer-facts.ts';
import { accepted, ask, newConversation, type Answer } from '../src/conversation.ts';
import { describe, smallPrint } from '../src/failures.ts';
import { sends } from '../src/sends.ts';

const fresh = accepted(ask(newConversation('c'), 't', 'Why?', true), 't', 'r').turns[0]?.answer;

function answer(changed: Partial<Answer>): Answer {
  if (fresh === undefined) {
    throw new Error('no turn');
  }
  return { ...fresh, ...changed };
}

suite('what a screen reader is given', () => {
  it.each([
    ['One. Two', 0, 'One.'],
    ['One. Two! Thr', 0, 'One. Two!'],
    ['One. Two! Thr', 4, ' Two!'],
    ['It is 3.14 m', 0, ''],
    ['Said "no." Then', 0, 'Said "no."'],
    ['これは。つぎ', 0, 'これは。'],
    ['لماذا؟ لأن', 0, 'لماذا؟'],
    ['- a\n- b', 0, '- a\n'],
    ['One.', 0, ''],
  ])('of %j from %d is %j', (text, from, sentences) => {
    expect(text.slice(from, spokenUpTo(text, from, false))).toBe(sentences);
  });

  it('is all the rest at the end', () => {
    expect(spokenUpTo('One. Two', 4, true)).toBe(8);
  });
});

suite('the figures of an answer', () => {
  it('are in the units that people read', () => {
    const measured = answer({
      timings: { timeToFirstTokenMs: 42.4, tokensPerSecond: 61.27 },
      usage: { inputTokens: 9, outputTokens: 1 },
    });

    expect(figures(measured)).toEqual(['61.3 tokens/s', 'first token after 42 ms', '1 token']);
    expect(figures(answer({ timings: { timeToFirstTokenMs: 1260, tokensPerSecond: null } }))).toEqual([
      'first token after 1.3 s',
    ]);
  });

  it('are none where nobody measured', () => {
    expect(figures(answer({}))).toEqual([]);
  });

  it('are none where nothing was generated', () => {
    expect(figures(answer({ usage: { inputTokens: 5000, outputTokens: 0 } }))).toEqual([]);
  });
});

suite('what a reader is told', () => {
  it('while there is no text yet', () => {
    const place = (queuePosition: number | null, prefilledTokens: number | null, promptTokens: number | null): string =>
      waitingFor(answer({ progress: { queuePosition, prefilledTokens, promptTokens } }));

    expect(waitingFor(answer({}))).toBe('Waiting for the first word…');
    expect(place(3, null, null)).toBe('In the queue, 3 ahead…');
    expect(place(0, null, null)).toBe('Next in the queue…');
    expect(place(null, 5, 9)).toBe('Reading the prompt: 5 of 9 tokens…');
    expect(place(null, null, null)).toBe('Waiting for the first word…');
    expect(waitingFor(answer({ stopping: true }))).toBe('Stopping…');
  });

  it('about a text that is not the whole', () => {
    expect(noteFor(answer({ state: 'stopped', text: 'a' }))).toBe('Stopped.');
    expect(noteFor(answer({ state: 'stopped' }))).toBe('Stopped before the first word.');
    expect(noteFor(answer({ state: 'done', note: 'max_output_tokens' }))).toContain('Cut at');
    expect(noteFor(answer({ state: 'done' }))).toBeNull();
  });

  it('about an error: a sentence, and the code in small print', () => {
    const failure = { code: 'invalid_value', message: 'top_p must be at most 1', param: 'top_p' };

    expect(describe(failure)).toBe('The server does not accept this value of top_p.');
    expect(smallPrint(failure)).toBe('invalid_value: top_p must be at most 1');
  });

  it('about an error that this page does not know: the word of the server', () => {
    const failure = { code: 'brand_new', message: 'the wheel is stuck', param: null };

    expect(describe(failure)).toBe('The server could not answer this: the wheel is stuck.');
    expect(smallPrint(failure)).toBe('brand_new');
    expect(describe({ code: 'brand_new', message: '', param: null })).toBe('The server could not answer this.');
  });
});

suite('the Enter key', () => {
  const enter = { key: 'Enter', shiftKey: false, isComposing: false, keyCode: 13 };

  it('sends', () => {
    expect(sends(enter)).toBe(true);
  });

  it.each([
    ['with Shift', { shiftKey: true }],
    ['while an input method composes', { isComposing: true }],
    ['that ended a composition in Safari', { keyCode: 229 }],
    ['that is another key', { key: 'a', keyCode: 65 }],
  ])('does not send %s', (_when, changed) => {
    expect(sends({ ...enter, ...changed })).toBe(false);
  });
});
