import { css, html, LitElement, type TemplateResult } from 'lit';
import { customElement, property } from 'lit/decorators.js';
import { base } from './styles.ts';

const DEMO_MODEL = 'millrace-demo';

/** Says which model answers, and what is to be expected of it. */
@customElement('model-note')
export class ModelNote extends LitElement {
  static override styles = [
    base,
    css`
      p {
        margin: 0;
        font-size: 0.8125rem;
        line-height: 1.45;
        color: var(--quiet);
      }

      code {
        overflow-wrap: anywhere;
      }
    `,
  ];

  /** Null while the server has named none. */
  @property() model: string | null = null;

  override render(): TemplateResult {
    return html`<p data-testid="model-note">${this.words()}</p>`;
  }

  private words(): TemplateResult {
    if (this.model !== null && this.model !== DEMO_MODEL) {
      return html`<strong>${this.model}</strong> answers. What a model writes can be wrong: check what matters.`;
    }
    const lead =
      this.model === null
        ? html`Unless this server was started with another model, the <strong>demo model</strong> answers.`
        : html`The <strong>demo model</strong> (${this.model}) answers.`;
    return html`${lead} It knows about a hundred conversations by heart and nothing else. For the real one:
      <code>MODEL=/path/to/Qwen3-4B-Instruct-2507-F16.gguf make run</code>`;
  }
}
