import { css, html, LitElement, type TemplateResult } from 'lit';
import { customElement, property, query, state } from 'lit/decorators.js';
import { sends } from '../sends.ts';
import { base } from './styles.ts';

/** The reader wants this text sent. Whoever takes it prevents the default; otherwise the text stays in the input. */
export class PromptEvent extends Event {
  constructor(readonly prompt: string) {
    super('prompt', { bubbles: true, composed: true, cancelable: true });
  }
}

/** Where a prompt is typed, and the button that sends it or stops the answer to it. */
@customElement('prompt-input')
export class PromptInput extends LitElement {
  static override styles = [
    base,
    css`
      form {
        display: flex;
        align-items: end;
        gap: 0.5rem;
        padding: 0.5rem;
        border: 1px solid var(--control-line);
        border-radius: var(--radius);
        background: var(--raised);
      }

      form:focus-within {
        border-color: var(--accent);
        box-shadow: 0 0 0 1px var(--accent);
      }

      textarea {
        flex: 1;
        min-width: 0;
        max-height: min(40vh, 20rem);
        padding: 0.375rem 0.5rem;
        border: 0;
        background: none;
        line-height: 1.5;
        resize: none;
        overflow-wrap: anywhere;
        unicode-bidi: plaintext;
        text-align: start;
      }

      textarea:focus-visible {
        outline: none;
      }

      textarea::placeholder {
        color: var(--quiet);
        opacity: 1;
      }
    `,
  ];

  /** An answer is under way. */
  @property({ type: Boolean }) running = false;
  /** The reader has asked to stop it. */
  @property({ type: Boolean }) stopping = false;
  @property({ type: Boolean }) connected = false;

  @state() private text = '';
  @query('textarea') private textarea!: HTMLTextAreaElement;

  override render(): TemplateResult {
    return html`
      <form @submit=${this.onSubmit}>
        <textarea
          rows="1"
          dir="auto"
          aria-label="Your prompt"
          placeholder="Ask something"
          enterkeyhint="send"
          autocomplete="off"
          data-testid="prompt-input"
          .value=${this.text}
          @input=${this.onInput}
          @keydown=${this.onKeydown}
        ></textarea>
        ${this.running ? this.renderStop() : this.renderSend()}
      </form>
    `;
  }

  override focus(): void {
    this.textarea.focus();
  }

  override firstUpdated(): void {
    this.focus();
  }

  /** As tall as its text, up to the height that the style allows. */
  protected override updated(): void {
    this.textarea.style.height = 'auto';
    this.textarea.style.height = `${this.textarea.scrollHeight}px`;
  }

  private renderSend(): TemplateResult {
    const sendable = this.connected && this.text.trim() !== '';
    return html`<button type="submit" class="main" data-testid="send" ?disabled=${!sendable}>Send</button>`;
  }

  private renderStop(): TemplateResult {
    return html`
      <button type="button" data-testid="stop" ?disabled=${this.stopping} @click=${this.onStop}>Stop</button>
    `;
  }

  private onInput(): void {
    this.text = this.textarea.value;
  }

  private onKeydown(event: KeyboardEvent): void {
    if (sends(event)) {
      event.preventDefault();
      this.send();
    }
  }

  private onSubmit(event: SubmitEvent): void {
    event.preventDefault();
    this.send();
  }

  private send(): void {
    if (this.running || !this.connected || this.text.trim() === '') {
      return;
    }
    if (!this.dispatchEvent(new PromptEvent(this.text))) {
      this.text = '';
    }
    this.focus();
  }

  /** The button is about to go, and would take the focus with it. */
  private onStop(): void {
    this.focus();
    this.dispatchEvent(new Event('stop', { bubbles: true, composed: true }));
  }
}
