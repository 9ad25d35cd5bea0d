import { expect } from 'vitest';
import type { Shown } from './chat.ts';

/**
 * Expects that an answer grew to the text that it was to have: nothing taken back, and never a part of a character.
 *
 * @param shown all that was seen of it, in that order
 */
export function expectGrowth(shown: readonly Shown[], whole: string): void {
  const texts = withoutRepeats(shown.map(({ text }) => text));
  const between = texts.filter((text) => text !== '' && text !== whole);

  expect(texts.at(-1)).toBe(whole);
  expect(between.length).toBeGreaterThan(1);
  texts.forEach((text, index) => {
    expect(text.startsWith(texts[index - 1] ?? '')).toBe(true);
    expect(text.isWellFormed()).toBe(true);
    expect(text).not.toContain('\uFFFD');
  });
  expect(withoutRepeats(shown.map(({ state }) => state))).toEqual(['streaming', 'done']);
}

function withoutRepeats<T>(values: readonly T[]): T[] {
  return values.filter((value, index) => index === 0 || value !== values[index - 1]);
}
