import { css, html, LitElement, type PropertyValues, type TemplateResult } from 'lit';
import { customElement, property, query } from 'lit/decorators.js';
import { spokenUpTo } from '../announcement.ts';
import type { Turn } from '../conversation.ts';
import { base } from './styles.ts';

/** Sentences that stay in the live region; older ones have long been spoken. */
const KEPT = 3;

/** Gives a screen reader the answer sentence by sentence, each once. It is not seen. */
@customElement('answer-announcer')
export class AnswerAnnouncer extends LitElement {
  static override styles = [
    base,
    css`
      :host {
        position: absolute;
      }
    `,
  ];

  @property({ attribute: false }) turn: Turn | undefined;

  @query('div') private region!: HTMLElement;
  private spoken = 0;

  override render(): TemplateResult {
    return html`<div class="unseen" role="log" aria-live="polite" aria-label="The answer as it comes"></div>`;
  }

  protected override updated(changed: PropertyValues<this>): void {
    const before = changed.get('turn');
    if (this.turn === undefined || before?.id !== this.turn.id) {
      this.region.replaceChildren();
      this.spoken = 0;
    }
    if (this.turn !== undefined) {
      this.speak(this.turn.answer.text, this.turn.answer.state !== 'streaming');
    }
  }

  private speak(text: string, ended: boolean): void {
    this.spoken = Math.min(this.spoken, text.length);
    const end = spokenUpTo(text, this.spoken, ended);
    const sentences = text.slice(this.spoken, end).trim();
    this.spoken = end;
    if (sentences !== '') {
      const paragraph = document.createElement('p');
      paragraph.dir = 'auto';
      paragraph.textContent = sentences;
      this.region.append(paragraph);
      while (this.region.childElementCount > KEPT) {
        this.region.firstElementChild?.remove();
      }
    }
  }
}
