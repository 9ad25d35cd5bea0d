import { resolve } from 'node:path';
import { mkdirSync } from 'node:fs';
import { describe, expect } from 'vitest';
import { EmbeddedStack } from '../src/embedded-stack.ts';
import { learned } from '../src/learned.ts';
import { screenshots } from '../src/places.ts';
import { test as base } from '../src/test.ts';

/** At full speed, since the figures under the answers are seen in it. */
const test = base.extend('url', { scope: 'file' }, async ({}, { onCleanup }) => {
  const stack = await EmbeddedStack.start('picture-stack', 0);
  onCleanup(() => stack.stop());
  return stack.url;
});

/** `compose/target/screenshots/chat.png`, which is copied to `docs/chat.png` by hand when the page looks different. */
describe('the picture in README.md', () => {
  test.override({ screen: { width: 1200, height: 720 } });

  test('shows three languages in one conversation', async ({ chat }) => {
    const turns = [learned('en-09/1'), learned('ja-06/1'), learned('ar-09/1')];

    for (const { prompt, answer: expected } of turns) {
      const answer = await chat.ask(prompt);
      await answer.ended();
      expect(await answer.text()).toBe(expected);
    }

    mkdirSync(screenshots, { recursive: true });
    await chat.page.screenshot({ path: resolve(screenshots, 'chat.png'), animations: 'disabled', caret: 'hide' });
  });
});
