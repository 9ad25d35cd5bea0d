import { html, LitElement, nothing, type TemplateResult } from 'lit';
import { customElement, property, query } from 'lit/decorators.js';
import { figures, noteFor, waitingFor } from '../answer-facts.ts';
import type { Answer, Turn } from '../conversation.ts';
import { describe, smallPrint } from '../failures.ts';
import { messageStyles } from './chat-message-styles.ts';
import { base } from './styles.ts';

/** Asks again for a turn that failed. */
export class TryAgainEvent extends Event {
  constructor(readonly turn: Turn) {
    super('try-again', { bubbles: true, composed: true });
  }
}

/** One message of a turn: its prompt or its answer. */
@customElement('chat-message')
export class ChatMessage extends LitElement {
  static override styles = [base, messageStyles];

  @property({ attribute: false }) turn!: Turn;
  @property() kind: 'prompt' | 'answer' = 'prompt';
  /** A failed answer may be asked for again. */
  @property({ type: Boolean }) retriable = false;

  @query('.text') private textElement!: HTMLElement;
  private readonly textNode = document.createTextNode('');

  override render(): TemplateResult {
    return this.kind === 'prompt' ? this.renderPrompt() : this.renderAnswer(this.turn.answer);
  }

  override firstUpdated(): void {
    this.textElement.append(this.textNode);
  }

  /** Text that grew is appended, so that what a reader has selected in it stays selected. */
  protected override updated(): void {
    const text = this.kind === 'prompt' ? this.turn.prompt : this.turn.answer.text;
    const shown = this.textNode.data;
    if (text.startsWith(shown)) {
      if (text.length > shown.length) {
        this.textNode.appendData(text.slice(shown.length));
      }
    } else {
      this.textNode.data = text;
    }
  }

  private renderPrompt(): TemplateResult {
    return html`
      <article class="prompt" data-testid="message-user">
        <h2 class="unseen">You</h2>
        <div class="text" dir="auto" data-testid="message-text"></div>
        ${this.turn.withHistory ? nothing : html`<p class="aside">Sent without the history</p>`}
      </article>
    `;
  }

  private renderAnswer(answer: Answer): TemplateResult {
    const waiting = answer.state === 'streaming' && answer.text === '';
    return html`
      <article
        class="answer"
        data-testid="message-assistant"
        data-state=${answer.state}
        aria-busy=${answer.state === 'streaming'}
      >
        <h2 class="unseen">Answer</h2>
        <div class="text" dir="auto" data-testid="message-text"></div>
        ${waiting ? html`<p class="waiting" data-testid="waiting">${waitingFor(answer)}</p>` : nothing}
        ${answer.error === null ? nothing : this.renderError(answer.error)} ${this.renderNote(answer)}
        ${this.renderFigures(answer)}
      </article>
    `;
  }

  private renderNote(answer: Answer): TemplateResult | typeof nothing {
    const note = noteFor(answer);
    return note === null ? nothing : html`<p class="aside" data-testid="note">${note}</p>`;
  }

  private renderFigures(answer: Answer): TemplateResult | typeof nothing {
    const shown = figures(answer);
    return shown.length === 0
      ? nothing
      : html`<ul class="figures" aria-label="How fast it came" data-testid="stats">
          ${shown.map((figure) => html`<li>${figure}</li>`)}
        </ul>`;
  }

  private renderError(error: NonNullable<Answer['error']>): TemplateResult {
    return html`
      <div class="error" role="alert" data-testid="error" data-code=${error.code}>
        <p>${describe(error)}</p>
        <p class="small-print">${smallPrint(error)}</p>
        ${
          this.retriable
            ? html`<button type="button" data-testid="try-again" @click=${this.onTryAgain}>Try again</button>`
            : nothing
        }
      </div>
    `;
  }

  private onTryAgain(): void {
    this.dispatchEvent(new TryAgainEvent(this.turn));
  }
}
