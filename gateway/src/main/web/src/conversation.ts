import type { Failure, InputMessage, Progress, ServerEvent, Timings, Usage } from './protocol.ts';

/**
 * A conversation as data, and what each event makes of it. Nothing here is changed in place: a turn that an event
 * did not touch stays the same object, which is how the page knows what to draw again.
 */
export interface Conversation {
  readonly id: string;
  readonly turns: readonly Turn[];
}

export interface Turn {
  /** The `event_id` of the frame that asked. */
  readonly id: string;
  readonly prompt: string;
  /** False where the turns before it were left out of the question. */
  readonly withHistory: boolean;
  readonly answer: Answer;
}

export type AnswerState = 'streaming' | 'done' | 'stopped' | 'error';

/** Something that a reader should know about a text that is otherwise whole or stopped. */
export type AnswerNote = 'max_output_tokens' | 'repetition' | 'restarted';

export interface Answer {
  readonly state: AnswerState;
  readonly text: string;
  /** Null until the server has accepted the prompt. */
  readonly responseId: string | null;
  /** What it can be resumed with; null where it cannot be. */
  readonly cursor: string | null;
  /** Of the last event that counted; those at or below it have been seen. */
  readonly sequence: number;
  /** The reader asked to stop, the server has not yet ended it. */
  readonly stopping: boolean;
  readonly progress: Progress | null;
  readonly note: AnswerNote | null;
  readonly error: Failure | null;
  readonly usage: Usage | null;
  readonly timings: Timings | null;
}

const unanswered: Answer = {
  state: 'streaming',
  text: '',
  responseId: null,
  cursor: null,
  sequence: -1,
  stopping: false,
  progress: null,
  note: null,
  error: null,
  usage: null,
  timings: null,
};

export function newConversation(id: string): Conversation {
  return { id, turns: [] };
}

export function ask(conversation: Conversation, id: string, prompt: string, withHistory: boolean): Conversation {
  return { ...conversation, turns: [...conversation.turns, { id, prompt, withHistory, answer: unanswered }] };
}

/** The turn whose answer is under way; at most one is, the last. */
export function runningTurn(conversation: Conversation): Turn | null {
  const last = conversation.turns.at(-1);
  return last?.answer.state === 'streaming' ? last : null;
}

/** Takes a turn out, so that its prompt can be asked again. */
export function withoutTurn(conversation: Conversation, id: string): Conversation {
  return { ...conversation, turns: conversation.turns.filter((turn) => turn.id !== id) };
}

/** What to send for a new prompt. A turn that failed, or has no text, is no history: the model never said it. */
export function inputFor(conversation: Conversation, prompt: string, includeHistory: boolean): InputMessage[] {
  const history = includeHistory
    ? conversation.turns.filter(({ answer }) => answer.state !== 'error' && answer.text !== '')
    : [];
  return [
    ...history.flatMap((turn): InputMessage[] => [
      { role: 'user', content: turn.prompt },
      { role: 'assistant', content: turn.answer.text },
    ]),
    { role: 'user', content: prompt },
  ];
}

/** The server has accepted the prompt of this turn as the response `responseId`; nothing changes for another turn. */
export function accepted(conversation: Conversation, turnId: string | null, responseId: string): Conversation {
  return changeRunning(conversation, (answer, turn) =>
    turn.id === turnId && answer.responseId === null ? { ...answer, responseId } : answer,
  );
}

export function stopping(conversation: Conversation, asked: boolean): Conversation {
  return changeRunning(conversation, (answer) => ({ ...answer, stopping: asked }));
}

/** Ends the running answer, if there is one, with an error that did not come as an event of its response. */
export function failed(conversation: Conversation, error: Failure): Conversation {
  return changeRunning(conversation, (answer) => ({ ...answer, state: 'error', error }));
}

/** Events of other responses, and those that have been seen, change nothing. */
export function applyEvent(conversation: Conversation, event: ServerEvent): Conversation {
  if (event.type === 'error') {
    return conversation;
  }
  return changeRunning(conversation, (answer) => {
    if (event.type === 'response.resumed') {
      return event.responseId === answer.responseId ? { ...answer, cursor: event.cursor } : answer;
    }
    const sequence = event.sequence ?? answer.sequence + 1;
    if (event.responseId !== answer.responseId || sequence <= answer.sequence) {
      return answer;
    }
    return { ...answer, sequence, ...changeBy(event, answer) };
  });
}

function changeBy(
  event: Exclude<ServerEvent, { type: 'error' | 'response.resumed' }>,
  answer: Answer,
): Partial<Answer> {
  switch (event.type) {
    case 'response.created':
      return { cursor: event.cursor };
    case 'response.in_progress':
      return { progress: null };
    case 'response.queued':
    case 'response.progress':
      return { progress: event };
    case 'response.output_text.delta':
      return { text: answer.text + event.delta };
    case 'response.output_text.done':
      return { text: event.text };
    case 'response.restarted':
      return { text: '', progress: null, note: 'restarted' };
    case 'response.completed':
      return { state: 'done', usage: event.usage, timings: event.timings };
    case 'response.incomplete':
      return { ...cutShort(event.reason), usage: event.usage, timings: event.timings };
    case 'response.failed':
      return { state: 'error', error: event.error, usage: event.usage, timings: event.timings };
  }
}

function cutShort(reason: string): Partial<Answer> {
  switch (reason) {
    case 'max_output_tokens':
    case 'repetition':
      return { state: 'done', note: reason };
    case 'cancelled':
      return { state: 'stopped' };
    default:
      return { state: 'error', error: { code: reason, message: '', param: null } };
  }
}

function changeRunning(conversation: Conversation, change: (answer: Answer, turn: Turn) => Answer): Conversation {
  const turn = runningTurn(conversation);
  if (turn === null) {
    return conversation;
  }
  const answer = change(turn.answer, turn);
  return answer === turn.answer
    ? conversation
    : { ...conversation, turns: [...conversation.turns.slice(0, -1), { ...turn, answer }] };
}

/** As it is kept for a reload: of an answer under way only how to resume it, since all of it comes again. */
export function kept(conversation: Conversation): Conversation {
  return changeRunning(conversation, ({ responseId, cursor, stopping: stop }) => ({
    ...unanswered,
    responseId,
    cursor,
    stopping: stop,
  }));
}
