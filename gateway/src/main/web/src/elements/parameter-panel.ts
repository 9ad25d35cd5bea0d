import { html, LitElement, type TemplateResult } from 'lit';
import { customElement, property } from 'lit/decorators.js';
import { live } from 'lit/directives/live.js';
import {
  choose,
  defaults,
  isChosen,
  languages,
  nearestNumber,
  presets,
  ranges,
  readNumber,
  supported,
  type GenerationParameters,
  type Language,
  type NumberRange,
  type Preset,
  type Settings,
} from '../parameters.ts';
import { panelStyles } from './parameter-panel-styles.ts';
import { base } from './styles.ts';

export class SettingsEvent extends Event {
  constructor(readonly settings: Settings) {
    super('settings', { bubbles: true, composed: true });
  }
}

/** The settings of the next prompt. It changes nothing itself: whoever listens gives it new settings. */
@customElement('parameter-panel')
export class ParameterPanel extends LitElement {
  static override styles = [base, panelStyles];

  @property({ attribute: false }) settings: Settings = defaults;

  override render(): TemplateResult {
    return html`
      <h2>Settings</h2>
      <div class="presets" role="group" aria-label="Presets">${presets.map((preset) => this.renderPreset(preset))}</div>
      ${this.renderSwitch('include-history', 'Include the history', this.settings.includeHistory, (includeHistory) =>
        this.change({ ...this.settings, includeHistory }),
      )}
      ${ranges.filter(({ name }) => supported.has(name)).map((range) => this.renderNumber(range))}
      ${supported.has('do_sample') ? this.renderSampling() : null}
      ${supported.has('loop_guard') ? this.renderLoopGuard() : null}
      ${supported.has('language') ? this.renderLanguage() : null}
    `;
  }

  private renderPreset(preset: Preset): TemplateResult {
    return html`
      <button
        type="button"
        data-testid=${`preset-${preset.name}`}
        aria-pressed=${isChosen(preset, this.settings)}
        @click=${() => this.change(choose(preset, this.settings))}
      >
        ${preset.label}
      </button>
    `;
  }

  private renderSampling(): TemplateResult {
    return this.renderSwitch(
      'do_sample',
      'Sample (otherwise always the likeliest token)',
      this.settings.parameters.do_sample,
      (do_sample) => this.changeParameters({ do_sample }),
    );
  }

  private renderLoopGuard(): TemplateResult {
    return this.renderSwitch(
      'loop_guard',
      'End an answer that repeats itself',
      this.settings.parameters.loop_guard,
      (loop_guard) => this.changeParameters({ loop_guard }),
    );
  }

  private renderLanguage(): TemplateResult {
    const chosen = this.settings.parameters.language;
    return html`
      <label class="choice">
        Language of the answer
        <select
          name="language"
          data-testid="language"
          @change=${(event: Event) =>
            this.changeParameters({ language: (event.target as HTMLSelectElement).value as Language })}
        >
          ${Object.entries(languages).map(
            ([code, name]) =>
              html`<option value=${code} lang=${code || 'en'} ?selected=${code === chosen}>${name}</option>`,
          )}
        </select>
      </label>
    `;
  }

  private renderSwitch(name: string, label: string, on: boolean, change: (on: boolean) => void): TemplateResult {
    return html`
      <label class="switch">
        <input
          type="checkbox"
          name=${name}
          data-testid=${name}
          .checked=${live(on)}
          @change=${(event: Event) => change((event.target as HTMLInputElement).checked)}
        />
        ${label}
      </label>
    `;
  }

  /** The slider repeats the number field for the mouse; keyboards and screen readers have the field. */
  private renderNumber(range: NumberRange): TemplateResult {
    const { name, label, hint, min, max, step } = range;
    const value = String(this.settings.parameters[name]);
    const idle = range.samplingOnly && !this.settings.parameters.do_sample;
    return html`
      <div class="number" ?data-idle=${idle}>
        <label for=${name}>${label}</label>
        <input
          type="number"
          inputmode="decimal"
          id=${name}
          name=${name}
          data-testid=${name}
          aria-describedby=${`${name}-hint`}
          min=${min}
          max=${max}
          step=${step}
          ?disabled=${idle}
          .value=${value}
          @input=${(event: Event) => this.onTyped(range, event.target as HTMLInputElement)}
          @change=${(event: Event) => this.onEntered(range, event.target as HTMLInputElement)}
        />
        <input
          type="range"
          tabindex="-1"
          aria-hidden="true"
          min=${min}
          max=${max}
          step=${step}
          ?disabled=${idle}
          .value=${live(value)}
          @input=${(event: Event) => this.onTyped(range, event.target as HTMLInputElement)}
        />
        <small id=${`${name}-hint`}>${hint}</small>
      </div>
    `;
  }

  /** What is half typed, or out of range, does not count yet. */
  private onTyped(range: NumberRange, input: HTMLInputElement): void {
    const value = readNumber(range, input.value);
    if (value !== null) {
      this.changeParameters({ [range.name]: value });
    }
  }

  /** The field shows what counts: the nearest value in range, or the one before where nothing sensible was typed. */
  private onEntered(range: NumberRange, input: HTMLInputElement): void {
    const value = nearestNumber(range, input.value) ?? this.settings.parameters[range.name];
    input.value = String(value);
    this.changeParameters({ [range.name]: value });
  }

  private changeParameters(changed: Partial<GenerationParameters>): void {
    this.change({ ...this.settings, parameters: { ...this.settings.parameters, ...changed } });
  }

  private change(settings: Settings): void {
    this.dispatchEvent(new SettingsEvent(settings));
  }
}
