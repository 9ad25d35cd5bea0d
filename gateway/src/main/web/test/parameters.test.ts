import { describe, expect, it } from 'vitest';
import {
  choose,
  defaults,
  isChosen,
  nearestNumber,
  presets,
  ranges,
  readNumber,
  supported,
  toSend,
  type NumberName,
  type NumberRange,
  type Preset,
} from '../src/parameters.ts';

function range(name: NumberName): NumberRange {
  const found = ranges.find((candidate) => candidate.name === name);
  if (found === undefined) {
    throw new Error(name);
  }
  return found;
}

function preset(name: Preset['name']): Preset {
  const found = presets.find((candidate) => candidate.name === name);
  if (found === undefined) {
    throw new Error(name);
  }
  return found;
}

describe('presets', () => {
  it('are three, with values in range', () => {
    expect(presets.map(({ name }) => name)).toEqual(['factual', 'creative', 'dialogue']);
    for (const { min, max, name } of ranges) {
      for (const { parameters } of presets) {
        const value = parameters[name] ?? defaults.parameters[name];
        expect(value).toBeGreaterThanOrEqual(min);
        expect(value).toBeLessThanOrEqual(max);
      }
    }
  });

  it('change what they name and nothing else', () => {
    const own = { parameters: { ...defaults.parameters, max_new_tokens: 77 }, includeHistory: false };

    expect(choose(preset('creative'), own)).toEqual({
      parameters: { ...own.parameters, temperature: 0.9, top_p: 0.95 },
      includeHistory: false,
    });
    expect(choose(preset('dialogue'), own)).toMatchObject({ includeHistory: true });
  });

  it('are chosen while the settings are theirs', () => {
    const factual = choose(preset('factual'), defaults);

    expect(isChosen(preset('factual'), factual)).toBe(true);
    expect(isChosen(preset('creative'), factual)).toBe(false);
    expect(isChosen(preset('dialogue'), defaults)).toBe(true);
    expect(isChosen(preset('dialogue'), { ...defaults, includeHistory: false })).toBe(false);
  });
});

describe('a typed number', () => {
  it.each([
    ['max_new_tokens', '1', 1],
    ['max_new_tokens', '1024', 1024],
    ['max_new_tokens', '0', null],
    ['max_new_tokens', '1025', null],
    ['max_new_tokens', '1.5', null],
    ['temperature', '0', 0],
    ['temperature', '0.333', 0.333],
    ['temperature', '2.01', null],
    ['top_p', '0', null],
    ['repetition_penalty', '1.05', 1.05],
    ['repetition_penalty', '0', null],
    ['no_repeat_ngram_size', '64', 64],
    ['no_repeat_ngram_size', '65', null],
    ['no_repeat_ngram_size', '2.5', null],
    ['temperature', '', null],
    ['temperature', 'hot', null],
  ] as const)('%s %j is %j', (name, typed, value) => {
    expect(readNumber(range(name), typed)).toBe(value);
  });

  it.each([
    ['max_new_tokens', '5000', 1024],
    ['max_new_tokens', '-3', 1],
    ['max_new_tokens', '7.6', 8],
    ['top_p', '0', 0.05],
    ['temperature', '', null],
  ] as const)('%s %j is put right to %j', (name, typed, value) => {
    expect(nearestNumber(range(name), typed)).toBe(value);
  });
});

describe('what is sent', () => {
  it('is what the server knows', () => {
    expect(toSend(defaults.parameters, new Set(['top_p', 'do_sample']))).toEqual({ top_p: 0.8, do_sample: true });
  });

  it('is every parameter that the panel has', () => {
    const parameters = { ...defaults.parameters, language: 'th' } as const;

    expect(toSend(parameters)).toEqual(parameters);
  });

  it('has no language where any will do', () => {
    expect(toSend(defaults.parameters)).not.toHaveProperty('language');
  });

  it('has a field of the panel for every name that is known', () => {
    const shown = new Set<string>([...ranges.map(({ name }) => name), 'do_sample', 'loop_guard', 'language']);

    expect([...supported].filter((name) => !shown.has(name))).toEqual([]);
  });
});
