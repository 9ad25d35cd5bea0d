import { html, LitElement, nothing, type TemplateResult } from 'lit';
import { customElement, query, state } from 'lit/decorators.js';
import { repeat } from 'lit/directives/repeat.js';
import { ChatSession } from '../chat-session.ts';
import { socketUrl } from '../connection.ts';
import { storeIn } from '../conversation-store.ts';
import type { Turn } from '../conversation.ts';
import { examples } from '../examples.ts';
import { describe, smallPrint } from '../failures.ts';
import { defaults, type Settings } from '../parameters.ts';
import './answer-announcer.ts';
import type { TryAgainEvent } from './chat-message.ts';
import './chat-message.ts';
import { pageStyles } from './chat-page-styles.ts';
import './connection-status.ts';
import './model-note.ts';
import type { SettingsEvent } from './parameter-panel.ts';
import './parameter-panel.ts';
import type { PromptEvent, PromptInput } from './prompt-input.ts';
import './prompt-input.ts';
import { ScrollFollower } from './scroll-follower.ts';
import { base } from './styles.ts';

/** The whole page: a session, the settings of its next prompt, and where each part of them is shown. */
@customElement('chat-page')
export class ChatPage extends LitElement {
  static override styles = [base, pageStyles];

  @state() private settings: Settings = defaults;
  /** Of a narrow screen; a wide one always shows the panel. */
  @state() private panelOpen = false;

  @query('.conversation') private scroller!: HTMLElement;
  @query('.turns') private turns!: HTMLElement;
  @query('prompt-input') private input!: PromptInput;

  private frame: number | undefined;
  private readonly session = new ChatSession(
    () => this.drawInNextFrame(),
    () => new WebSocket(socketUrl(document.baseURI)),
    storeIn(() => sessionStorage),
  );
  private readonly follower = new ScrollFollower(this);
  private readonly reconnect = (): void => this.session.connect();

  override connectedCallback(): void {
    super.connectedCallback();
    this.session.connect();
    window.addEventListener('online', this.reconnect);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    window.removeEventListener('online', this.reconnect);
    this.session.close();
    this.follower.stop();
  }

  override render(): TemplateResult {
    const { running, conversation, connectionState, model } = this.session;
    return html`
      <header>
        <h1>Millrace</h1>
        <connection-status
          ?data-lost=${connectionState.kind === 'lost'}
          .state=${connectionState}
          @reconnect=${this.reconnect}
        ></connection-status>
        <button
          type="button"
          class="panel-toggle"
          data-testid="toggle-settings"
          aria-expanded=${this.panelOpen}
          aria-controls="settings"
          @click=${() => (this.panelOpen = !this.panelOpen)}
        >
          Settings
        </button>
        <button type="button" data-testid="new-conversation" @click=${this.onStartOver}>New conversation</button>
      </header>
      <aside id="settings" aria-label="Settings" ?data-open=${this.panelOpen}>
        <parameter-panel
          .settings=${this.settings}
          @settings=${(event: SettingsEvent) => (this.settings = event.settings)}
        ></parameter-panel>
      </aside>
      <main>
        <div class="conversation" role="region" aria-label="Conversation" tabindex="0">
          <div class="turns" @try-again=${this.onTryAgain}>
            ${
              conversation.turns.length === 0
                ? this.renderWelcome()
                : repeat(
                    conversation.turns,
                    ({ id }) => id,
                    (turn) => this.renderTurn(turn),
                  )
            }
          </div>
        </div>
        <footer>
          ${
            this.follower.following || conversation.turns.length === 0
              ? nothing
              : html`<button type="button" class="to-latest" data-testid="to-latest" @click=${this.onToLatest}>
                  Latest <span aria-hidden="true">↓</span>
                </button>`
          }
          ${this.renderNotice()}
          <prompt-input
            ?running=${running !== null}
            ?stopping=${running?.answer.stopping === true}
            ?connected=${connectionState.kind === 'open'}
            @prompt=${this.onPrompt}
            @stop=${() => this.session.stop()}
          ></prompt-input>
          <model-note .model=${model}></model-note>
        </footer>
        <answer-announcer .turn=${conversation.turns.at(-1)}></answer-announcer>
      </main>
    `;
  }

  protected override firstUpdated(): void {
    this.follower.watch(this.scroller, this.turns);
  }

  private renderTurn(turn: Turn): TemplateResult {
    return html`
      <chat-message kind="prompt" .turn=${turn}></chat-message>
      <chat-message
        kind="answer"
        .turn=${turn}
        ?retriable=${turn === this.session.conversation.turns.at(-1)}
      ></chat-message>
    `;
  }

  private renderWelcome(): TemplateResult {
    return html`
      <section class="welcome">
        <h2>Ask something</h2>
        <p>For example:</p>
        <ul>
          ${examples.map(
            ({ lang, prompt }) => html`
              <li>
                <button type="button" lang=${lang} dir="auto" data-testid="example" @click=${() => this.ask(prompt)}>
                  ${prompt}
                </button>
              </li>
            `,
          )}
        </ul>
      </section>
    `;
  }

  private renderNotice(): TemplateResult | typeof nothing {
    const { notice } = this.session;
    return notice === null
      ? nothing
      : html`<div class="notice" role="alert" data-testid="error" data-code=${notice.code}>
          <p>${describe(notice)}</p>
          <p class="small-print">${smallPrint(notice)}</p>
        </div>`;
  }

  private onPrompt(event: PromptEvent): void {
    if (this.ask(event.prompt)) {
      event.preventDefault();
    }
  }

  private onTryAgain(event: TryAgainEvent): void {
    this.session.tryAgain(event.turn, this.settings);
    this.input.focus();
  }

  private onStartOver(): void {
    this.session.startOver();
    this.follower.release();
    this.input.focus();
  }

  private onToLatest(): void {
    this.follower.follow();
    this.input.focus();
  }

  private ask(prompt: string): boolean {
    const sent = this.session.send(prompt, this.settings);
    if (sent) {
      this.panelOpen = false;
      this.follower.follow();
      this.input.focus();
    }
    return sent;
  }

  /** However fast tokens come, the page is drawn at most once for each frame of the screen. */
  private drawInNextFrame(): void {
    this.frame ??= requestAnimationFrame(() => {
      this.frame = undefined;
      this.requestUpdate();
    });
  }
}
