import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { demoModel } from './places.ts';

interface Line {
  readonly id: string;
  readonly language: string;
  readonly messages: readonly { readonly content: string }[];
  readonly answerIds: readonly number[];
  readonly answer: string;
}

const lines = readFileSync(resolve(demoModel, 'expected.jsonl'), 'utf8')
  .trimEnd()
  .split('\n')
  .map((line) => JSON.parse(line) as Line);

/** What the demo model has learned to answer, and does answer where nothing is left to chance. */
export interface Learned {
  readonly language: string;
  readonly prompt: string;
  readonly answer: string;
  readonly tokens: number;
}

/** By its name in the model's own list, such as `ja-05/1`: a language, a conversation, a turn. */
export function learned(id: string): Learned {
  return from(lines.find((line) => line.id === id));
}

/** By its prompt, whatever came before it. */
export function learnedFor(prompt: string): Learned {
  return from(lines.find(({ messages }) => messages.at(-1)?.content === prompt));
}

function from(line: Line | undefined): Learned {
  const prompt = line?.messages.at(-1)?.content;
  if (line === undefined || prompt === undefined) {
    throw new Error('the demo model has not learned this');
  }
  return { language: line.language, prompt, answer: line.answer, tokens: line.answerIds.length };
}
