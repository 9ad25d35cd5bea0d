import { describe, expect } from 'vitest';
import { expectGrowth } from '../src/growth.ts';
import { learned, learnedFor } from '../src/learned.ts';
import { test } from '../src/test.ts';

const LONGEST_BY_DEFAULT = 512;

describe('answers', () => {
  test.for([
    ['Japanese', 'ltr', 'ja-05/1'],
    ['Arabic', 'rtl', 'ar-07/1'],
  ] as const)('a prompt in %s gets its answer in text that grows, laid out %s', async ([, direction, id], { chat }) => {
    const { prompt, answer: expected } = learned(id);
    await chat.beGreedy();

    const answer = await chat.ask(prompt);
    const shown = await answer.record();

    expect(await answer.ended()).toBe('done');
    expectGrowth(await shown(), expected);
    expect(await answer.direction()).toBe(direction);
    expect(await answer.promptText()).toBe(prompt);
  });

  test.for(['en', 'es', 'ja', 'ar', 'fr', 'zh', 'ru', 'th'])(
    'the example in %s is answered in it',
    async (language, { chat }) => {
      expect(await chat.part('example').count()).toBe(8);
      await chat.beGreedy();

      const answer = await chat.askExample(language);
      const state = await answer.ended();
      const { answer: expected, tokens, language: answeredIn } = learnedFor(await answer.promptText());
      const text = await answer.text();

      expect(state).toBe('done');
      expect(answeredIn).toBe(language);
      expect(text).toBe(tokens > LONGEST_BY_DEFAULT ? expected.slice(0, text.length) : expected);
      expect(text.length).toBeGreaterThan(50);
      expect(await chat.page.getByText('\uFFFD').count()).toBe(0);
    },
  );

  test('under an answer stand its tokens, their rate, and the time to the first', async ({ chat }) => {
    const { prompt, tokens } = learned('en-10/1');
    await chat.beGreedy();

    const answer = await chat.ask(prompt);
    await answer.ended();

    const [rate, first, count] = await answer.part('stats').locator('li').allTextContents();
    expect(rate).toMatch(/^[1-9]\d*\.\d tokens\/s$/);
    expect(first).toMatch(/^first token after [1-9]\d* ms$/);
    expect(count).toBe(`${tokens} tokens`);
  });
});
