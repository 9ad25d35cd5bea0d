import { resolve } from 'node:path';
import { expect, inject, test as base } from 'vitest';
import { launchBrowser } from './browser.ts';
import { Chat } from './chat.ts';
import { traces } from './places.ts';
import { Witness } from './witness.ts';

const PATIENCE_MS = 20_000;

/**
 * Vitest's `test` with `chat`, a new page that is connected; what its witness has to complain of fails the test.
 * There is one `browser` for all tests. `url` is the shared stack's page, where a file has no stack of its own.
 */
export const test = base
  .extend('browser', { scope: 'worker' }, async ({}, { onCleanup }) => {
    const browser = await launchBrowser();
    onCleanup(() => browser.close());
    return browser;
  })
  .extend('url', { scope: 'file' }, () => inject('url'))
  .extend('screen', { width: 1200, height: 800 })
  .extend('chat', async ({ browser, url, screen, task }, { onCleanup }) => {
    const page = await browser.newPage({ viewport: screen, colorScheme: 'light', locale: 'en-GB' });
    page.setDefaultTimeout(PATIENCE_MS);
    const witness = await Witness.of(page, url);
    onCleanup(async () => {
      if (task.result?.state === 'fail' || witness.complaints.length > 0) {
        await page.screenshot({ path: resolve(traces, `${task.name.replaceAll(/\W+/g, '-')}.png`) });
      }
      await page.close();
      expect(witness.complaints).toEqual([]);
    });
    await page.goto(url);
    const chat = new Chat(page, witness);
    await chat.awaitConnection('open');
    return chat;
  });
