import { css, html, LitElement, nothing, type TemplateResult } from 'lit';
import { customElement, property } from 'lit/decorators.js';
import type { ConnectionState } from '../connection.ts';
import { base } from './styles.ts';

/** Says whether the page can reach the server, and lets the reader try at once. */
@customElement('connection-status')
export class ConnectionStatus extends LitElement {
  static override styles = [
    base,
    css`
      :host {
        display: flex;
        flex-wrap: wrap;
        gap: 0.25rem 0.75rem;
        align-items: center;
        font-size: 0.875rem;
        color: var(--quiet);
      }

      p {
        display: flex;
        gap: 0.5rem;
        align-items: center;
        margin: 0;
      }

      p::before {
        content: '';
        flex: none;
        width: 0.625rem;
        height: 0.625rem;
        border: 2px solid currentcolor;
        border-radius: 50%;
      }

      p[data-state='open']::before {
        background: var(--accent);
        border-color: var(--accent);
      }

      p[data-state='lost'] {
        color: var(--bad);
      }

      @media (max-width: 56rem) {
        p[data-state='open'] span {
          position: absolute;
          width: 1px;
          height: 1px;
          overflow: hidden;
          clip-path: inset(50%);
        }
      }

      button {
        min-height: 0;
        font-size: inherit;
        color: var(--ink);
      }
    `,
  ];

  @property({ attribute: false }) state: ConnectionState = { kind: 'connecting' };

  override render(): TemplateResult {
    return html`
      <p role="status" data-testid="connection-state" data-state=${this.state.kind}><span>${this.words()}</span></p>
      ${
        this.state.kind === 'lost'
          ? html`<button type="button" data-testid="reconnect" @click=${this.onReconnect}>Try now</button>`
          : nothing
      }
    `;
  }

  private words(): string {
    switch (this.state.kind) {
      case 'connecting':
        return 'Connecting…';
      case 'open':
        return 'Connected';
      case 'lost':
        return `${this.state.why} Trying again in ${Math.ceil(this.state.retryInMs / 1000)} s.`;
    }
  }

  private onReconnect(): void {
    this.dispatchEvent(new Event('reconnect', { bubbles: true, composed: true }));
  }
}
