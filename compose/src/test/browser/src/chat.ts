import type { Locator, Page } from 'playwright-core';
import { vi } from 'vitest';
import type { Witness } from './witness.ts';

export type NumberField = 'max_new_tokens' | 'temperature' | 'top_p' | 'repetition_penalty' | 'no_repeat_ngram_size';
export type Switch = 'do_sample' | 'include-history';

/** The chat page as its reader uses it: by keyboard and mouse, and with eyes. */
export class Chat {
  constructor(
    readonly page: Page,
    readonly witness: Witness,
  ) {}

  part(testId: string): Locator {
    return this.page.getByTestId(testId);
  }

  /** @param words that stand beside the state */
  async awaitConnection(state: 'open' | 'lost', words = /./): Promise<void> {
    const shown = this.part('connection-state').filter({ hasText: words });
    await shown.and(this.page.locator(`[data-state=${state}]`)).waitFor();
  }

  /** Types a prompt and sends it with Enter. */
  async ask(prompt: string): Promise<Answer> {
    await this.part('prompt-input').pressSequentially(prompt);
    return this.send();
  }

  /** Puts a prompt in at once, as from the clipboard, and sends it. */
  async paste(prompt: string): Promise<Answer> {
    await this.part('prompt-input').fill(prompt);
    return this.send();
  }

  /** Clicks the example prompt in this language, on a page without a conversation. */
  async askExample(language: string): Promise<Answer> {
    await this.part('example')
      .and(this.page.locator(`[lang=${language}]`))
      .click();
    return this.answerAt(0);
  }

  async startOver(): Promise<void> {
    await this.part('new-conversation').click();
    await this.part('example').first().waitFor();
  }

  async setNumber(field: NumberField, value: number): Promise<void> {
    await this.part(field).fill(String(value));
  }

  async setSwitch(field: Switch, on: boolean): Promise<void> {
    await this.part(field).setChecked(on);
  }

  /** What is left to chance: nothing, so that a learned prompt gets its learned answer. */
  async beGreedy(): Promise<void> {
    await this.setSwitch('do_sample', false);
  }

  /** Wider than its screen. */
  async scrollsSideways(): Promise<boolean> {
    return this.page.evaluate(() => document.documentElement.scrollWidth > document.documentElement.clientWidth);
  }

  private async send(): Promise<Answer> {
    const before = await this.part('message-assistant').count();
    await this.page.keyboard.press('Enter');
    return this.answerAt(before);
  }

  async answerAt(place: number): Promise<Answer> {
    const article = this.part('message-assistant').nth(place);
    await article.waitFor();
    return new Answer(article, this.part('message-user').nth(place));
  }
}

/** What one answer showed at one moment. */
export interface Shown {
  readonly state: string | null;
  readonly text: string;
}

/** An answer on the page, and the prompt above it. */
export class Answer {
  constructor(
    readonly article: Locator,
    readonly prompt: Locator,
  ) {}

  part(testId: string): Locator {
    return this.article.getByTestId(testId);
  }

  async text(): Promise<string> {
    return (await this.part('message-text').textContent()) ?? '';
  }

  async promptText(): Promise<string> {
    return (await this.prompt.getByTestId('message-text').textContent()) ?? '';
  }

  /** In which its text is laid out: `ltr` or `rtl`. */
  async direction(): Promise<string> {
    return this.part('message-text').evaluate((text) => getComputedStyle(text).direction);
  }

  async state(): Promise<string | null> {
    return this.article.getAttribute('data-state');
  }

  /** The state in which it ended. */
  async ended(): Promise<string | null> {
    await this.article.and(this.article.page().locator(':not([data-state=streaming])')).waitFor();
    return this.state();
  }

  /** Waits until so many characters are shown, or more. */
  async grownTo(characters: number): Promise<void> {
    await vi.waitUntil(async () => (await this.text()).length >= characters, { timeout: 20_000, interval: 20 });
  }

  /** From now on notes whatever it shows; the function that is returned tells it. */
  async record(): Promise<() => Promise<Shown[]>> {
    const shown = await this.article.evaluateHandle((article) => {
      const text = article.querySelector('[data-testid=message-text]');
      const seen: Shown[] = [];
      const look = (): void => {
        seen.push({ state: article.getAttribute('data-state'), text: text?.textContent ?? '' });
      };
      look();
      new MutationObserver(look).observe(article, {
        attributeFilter: ['data-state'],
        characterData: true,
        childList: true,
        subtree: true,
      });
      return seen;
    });
    return () => shown.jsonValue();
  }
}
