import { describe, expect } from 'vitest';
import { learned } from '../src/learned.ts';
import { test } from '../src/test.ts';

describe('settings', () => {
  test('an answer that is longer than allowed is cut, and says so', async ({ chat }) => {
    const { prompt, answer: whole } = learned('en-07/1');
    await chat.beGreedy();
    await chat.setNumber('max_new_tokens', 5);

    const answer = await chat.ask(prompt);

    expect(await answer.ended()).toBe('done');
    const text = await answer.text();
    expect(text).not.toBe('');
    expect(text.length).toBeLessThan(whole.length);
    expect(whole.startsWith(text)).toBe(true);
    expect(await answer.part('note').textContent()).toContain('Cut at the longest answer');
    expect(await answer.part('stats').locator('li').last().textContent()).toBe('5 tokens');
  });

  test('at a high temperature an answer wanders, at none it is what was learned', async ({ chat }) => {
    const { prompt, answer: expected } = learned('en-08/1');
    await chat.setSwitch('include-history', false);
    await chat.setNumber('top_p', 1);

    await chat.setNumber('temperature', 2);
    const hot = await chat.ask(prompt);
    await hot.ended();
    await chat.setNumber('temperature', 0);
    const cold = await chat.ask(prompt);
    await cold.ended();
    await chat.setNumber('temperature', 2);
    await chat.beGreedy();
    const greedy = await chat.ask(prompt);
    await greedy.ended();

    expect(await hot.text()).not.toBe(expected);
    expect(await cold.text()).toBe(expected);
    expect(await greedy.text()).toBe(expected);
  });

  test.for([
    { field: 'repetition_penalty', value: 2 },
    { field: 'no_repeat_ngram_size', value: 1 },
  ] as const)('$field keeps an answer from what was learned', async ({ field, value }, { chat }) => {
    const { prompt, answer: expected } = learned('en-08/1');
    await chat.beGreedy();
    await chat.setNumber('max_new_tokens', 60);
    await chat.setNumber(field, value);

    const answer = await chat.ask(prompt);

    expect(await answer.ended()).toBe('done');
    expect(expected.startsWith(await answer.text())).toBe(false);
  });

  test.for([
    { preset: 'factual', temperature: '0.3', topP: '0.8' },
    { preset: 'creative', temperature: '0.9', topP: '0.95' },
    { preset: 'dialogue', temperature: '0.7', topP: '0.8' },
  ])('the preset $preset sets the fields, and is pressed for as long as they stay', async (given, { chat }) => {
    const button = chat.part(`preset-${given.preset}`);
    await chat.beGreedy();
    await chat.setSwitch('include-history', false);
    const pressedBefore = await button.getAttribute('aria-pressed');

    await button.click();

    expect(pressedBefore).toBe('false');
    expect(await button.getAttribute('aria-pressed')).toBe('true');
    expect(await chat.part('temperature').inputValue()).toBe(given.temperature);
    expect(await chat.part('top_p').inputValue()).toBe(given.topP);
    expect(await chat.part('do_sample').isChecked()).toBe(true);
    expect(await chat.part('include-history').isChecked()).toBe(given.preset === 'dialogue');

    await chat.setNumber('temperature', 1.1);

    expect(await button.getAttribute('aria-pressed')).toBe('false');
  });

  describe('on a narrow screen', () => {
    test.override({ screen: { width: 390, height: 780 } });

    test('stand behind a button, and out of the way once a prompt is sent', async ({ chat }) => {
      expect(await chat.part('temperature').isVisible()).toBe(false);

      await chat.part('toggle-settings').click();
      await chat.beGreedy();
      await chat.part('temperature').waitFor();
      const answer = await chat.ask(learned('en-10/1').prompt);
      await answer.ended();

      expect(await chat.part('temperature').isVisible()).toBe(false);
      expect(await answer.text()).toBe(learned('en-10/1').answer);
      expect(await chat.scrollsSideways()).toBe(false);
    });
  });
});
