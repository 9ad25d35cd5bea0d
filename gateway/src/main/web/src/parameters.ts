/** The generation parameters, by the names that they have on the wire. */
export interface GenerationParameters {
  readonly max_new_tokens: number;
  readonly temperature: number;
  readonly top_p: number;
  readonly repetition_penalty: number;
  readonly do_sample: boolean;
  readonly no_repeat_ngram_size: number;
  readonly loop_guard: boolean;
  readonly language: Language;
}

/** The languages that an answer can be kept to, by their own names; the empty one leaves it to the model. */
export const languages = {
  '': 'Any',
  zh: '中文',
  en: 'English',
  fr: 'Français',
  es: 'Español',
  ja: '日本語',
  ar: 'العربية',
  ru: 'Русский',
  th: 'ไทย',
} as const;

export type Language = keyof typeof languages;

export type ParameterName = keyof GenerationParameters;
export type NumberName = Exclude<ParameterName, 'do_sample' | 'loop_guard' | 'language'>;

/** What the server knows. The others are ready, but neither shown nor sent until they stand here. */
export const supported: ReadonlySet<ParameterName> = new Set<ParameterName>([
  'max_new_tokens',
  'temperature',
  'top_p',
  'do_sample',
  'repetition_penalty',
  'no_repeat_ngram_size',
  'loop_guard',
  'language',
]);

export interface NumberRange {
  readonly name: NumberName;
  readonly label: string;
  readonly hint: string;
  readonly min: number;
  readonly max: number;
  /** Of the arrow keys and the slider; finer values can be typed, but for whole numbers. */
  readonly step: number;
  /** Has no effect unless the model samples. */
  readonly samplingOnly: boolean;
}

export const ranges: readonly NumberRange[] = [
  {
    name: 'max_new_tokens',
    label: 'Longest answer',
    hint: 'in tokens, 1 to 1024',
    min: 1,
    max: 1024,
    step: 1,
    samplingOnly: false,
  },
  {
    name: 'temperature',
    label: 'Temperature',
    hint: '0 to 2; higher is more surprising',
    min: 0,
    max: 2,
    step: 0.05,
    samplingOnly: true,
  },
  {
    name: 'top_p',
    label: 'Top p',
    hint: '0.05 to 1; lower keeps to likelier words',
    min: 0.05,
    max: 1,
    step: 0.05,
    samplingOnly: true,
  },
  {
    name: 'repetition_penalty',
    label: 'Repetition penalty',
    hint: '0.05 to 2; 1 is none',
    min: 0.05,
    max: 2,
    step: 0.05,
    samplingOnly: false,
  },
  {
    name: 'no_repeat_ngram_size',
    label: 'No repeated run of words',
    hint: 'in tokens, 0 to 64; 0 allows all',
    min: 0,
    max: 64,
    step: 1,
    samplingOnly: false,
  },
];

export interface Settings {
  readonly parameters: GenerationParameters;
  readonly includeHistory: boolean;
}

export const defaults: Settings = {
  parameters: {
    max_new_tokens: 512,
    temperature: 0.7,
    top_p: 0.8,
    repetition_penalty: 1,
    do_sample: true,
    no_repeat_ngram_size: 0,
    loop_guard: true,
    language: '',
  },
  includeHistory: true,
};

export interface Preset {
  readonly name: 'factual' | 'creative' | 'dialogue';
  readonly label: string;
  readonly parameters: Partial<GenerationParameters>;
  /** Undefined leaves the switch as it is. */
  readonly includeHistory?: boolean;
}

export const presets: readonly Preset[] = [
  { name: 'factual', label: 'Facts', parameters: { temperature: 0.3, top_p: 0.8, do_sample: true } },
  { name: 'creative', label: 'Creative', parameters: { temperature: 0.9, top_p: 0.95, do_sample: true } },
  {
    name: 'dialogue',
    label: 'Dialogue',
    parameters: { temperature: 0.7, top_p: 0.8, do_sample: true },
    includeHistory: true,
  },
];

export function choose(preset: Preset, settings: Settings): Settings {
  return {
    parameters: { ...settings.parameters, ...preset.parameters },
    includeHistory: preset.includeHistory ?? settings.includeHistory,
  };
}

/** The settings are what this preset would make of them. */
export function isChosen(preset: Preset, settings: Settings): boolean {
  const chosen = choose(preset, settings);
  return (
    chosen.includeHistory === settings.includeHistory &&
    Object.entries(chosen.parameters).every(([name, value]) => settings.parameters[name as ParameterName] === value)
  );
}

/** A typed text as a value of this parameter; null while it is none. */
export function readNumber(range: NumberRange, typed: string): number | null {
  const value = typed.trim() === '' ? NaN : Number(typed);
  const whole = range.step < 1 || Number.isInteger(value);
  return whole && value >= range.min && value <= range.max ? value : null;
}

/** The value of this parameter that is nearest to a typed text; null where it is no number at all. */
export function nearestNumber(range: NumberRange, typed: string): number | null {
  const value = typed.trim() === '' ? NaN : Number(typed);
  if (Number.isNaN(value)) {
    return null;
  }
  const bounded = Math.min(range.max, Math.max(range.min, value));
  return range.step < 1 ? bounded : Math.round(bounded);
}

/** The parameters that go on the wire: no language where any will do. */
export function toSend(
  parameters: GenerationParameters,
  known: ReadonlySet<ParameterName> = supported,
): Partial<GenerationParameters> {
  return Object.fromEntries(
    Object.entries(parameters).filter(([name, value]) => value !== '' && known.has(name as ParameterName)),
  );
}
