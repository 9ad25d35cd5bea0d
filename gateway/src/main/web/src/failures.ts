import type { Failure } from './protocol.ts';

/** The page's own code: the socket closed while an answer was under way. */
export const CONNECTION_LOST = 'connection_lost';

const sentences: Readonly<Record<string, string>> = {
  [CONNECTION_LOST]: 'The connection was lost in the middle of this answer.',
  context_length_exceeded:
    'This is too long for the model. Shorten it, start a new conversation, or leave the history out.',
  prompt_too_large: 'The conversation is too large to be sent. Start a new one, or leave the history out.',
  event_too_large: 'The conversation is too large to be sent. Start a new one, or leave the history out.',
  too_many_responses: 'Too many answers are under way on this connection. Wait for one of them to end.',
  prompt_not_sent: 'The server could not hand the prompt on. Please try again in a moment.',
  cancellation_not_sent: 'The server could not stop the answer. Please press Stop again.',
  model_not_found: 'No worker has the model that was asked for.',
  adapter_not_found: 'No worker has the adapter that was asked for.',
  history_lost: 'The server no longer has a part of this answer. Please ask again.',
  cursor_expired: 'The server no longer has the beginning of this answer. Please ask again.',
  cursor_key_unknown: 'The server that comes now cannot go on with this answer. Please ask again.',
  invalid_cursor: 'The server could not go on with this answer. Please ask again.',
  poisonous: 'This prompt made the server fail more than once, so it was given up.',
  expired: 'The answer was not finished in the time that it had.',
  slow_consumer: 'This page did not keep up with the server. The answer goes on in a moment.',
  internal: 'The server failed on this prompt. Trying again may help.',
};

const sentencesAboutParam: Readonly<Record<string, (param: string) => string>> = {
  unsupported_parameter: (param) => `The server cannot use ${param} yet.`,
  unknown_parameter: (param) => `The server does not know ${param}.`,
  invalid_value: (param) => `The server does not accept this value of ${param}.`,
  invalid_prompt: (param) => `The server does not accept this value of ${param}.`,
};

/** What went wrong, in words. A code that is not known here falls back on the server's own message. */
export function describe({ code, message, param }: Failure): string {
  const known = sentences[code] ?? (param === null ? undefined : sentencesAboutParam[code]?.(param));
  if (known !== undefined) {
    return known;
  }
  return message === '' ? 'The server could not answer this.' : `The server could not answer this: ${message}.`;
}

/** The small print under the sentence, for whoever has to look into it. */
export function smallPrint(failure: Failure): string {
  return failure.message === '' || describe(failure).includes(failure.message)
    ? failure.code
    : `${failure.code}: ${failure.message}`;
}
