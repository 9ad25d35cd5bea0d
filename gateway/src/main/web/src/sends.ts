/** What a key press says about itself. */
export type KeyPress = Pick<KeyboardEvent, 'key' | 'shiftKey' | 'isComposing'> & { readonly keyCode: number };

/** The code of every key that an input method has taken for itself. */
const TAKEN_BY_INPUT_METHOD = 229;

/**
 * Enter sends, Shift+Enter begins a line. The Enter that chooses a candidate of an input method does neither; Safari
 * reports it after the composition has ended, and only its key code still tells.
 */
export function sends(press: KeyPress): boolean {
  return press.key === 'Enter' && !press.shiftKey && !press.isComposing && press.keyCode !== TAKEN_BY_INPUT_METHOD;
}
