/**
 * The frames between the page and the gateway: OpenAI's Responses dialect over WebSocket, with the gateway's own
 * `response.cancel`, `response.resume`, `response.resumed`, `response.queued`, `response.progress` and
 * `response.restarted`.
 */

export type Role = 'user' | 'assistant' | 'system';

export interface InputMessage {
  readonly role: Role;
  readonly content: string;
}

/** Generation parameters stand beside these fields under their own names. */
export interface ResponseCreate {
  readonly type: 'response.create';
  readonly event_id: string;
  readonly conversation: string;
  readonly input: readonly InputMessage[];
}

export interface ResponseCancel {
  readonly type: 'response.cancel';
  readonly event_id: string;
  readonly response_id: string;
}

/** Go on with a response behind the last event that the page has of it; -1: it has none. */
export interface ResponseResume {
  readonly type: 'response.resume';
  readonly event_id: string;
  readonly cursor: string;
  readonly starting_after: number;
}

export type ClientFrame = ResponseCreate | ResponseCancel | ResponseResume;

export interface Usage {
  readonly inputTokens: number;
  readonly outputTokens: number;
}

/** What the worker measured; what it did not measure is null. */
export interface Timings {
  readonly timeToFirstTokenMs: number | null;
  readonly tokensPerSecond: number | null;
}

export interface Failure {
  /** Stable and machine-readable. */
  readonly code: string;
  readonly message: string;
  /** The field that is to blame, where one is. */
  readonly param: string | null;
}

/** How far a prompt has come before its first token. */
export interface Progress {
  readonly queuePosition: number | null;
  readonly prefilledTokens: number | null;
  readonly promptTokens: number | null;
}

interface ResponseEvent<T extends string> {
  readonly type: T;
  readonly responseId: string;
  /** Grows with every event of one response; null where the frame has none. */
  readonly sequence: number | null;
}

interface Ending {
  readonly usage: Usage | null;
  readonly timings: Timings | null;
}

/** `eventId` is that of the `response.create` which this accepts. */
export type Created = ResponseEvent<'response.created'> & {
  readonly eventId: string | null;
  readonly model: string | null;
  /** What the response can be resumed with, after a reload or at another server; null where it cannot be. */
  readonly cursor: string | null;
};

export type ServerEvent =
  | Created
  | (ResponseEvent<'response.resumed'> & { readonly cursor: string | null })
  | ResponseEvent<'response.in_progress'>
  | (ResponseEvent<'response.queued'> & Progress)
  | (ResponseEvent<'response.progress'> & Progress)
  | (ResponseEvent<'response.output_text.delta'> & { readonly delta: string })
  | (ResponseEvent<'response.output_text.done'> & { readonly text: string })
  | ResponseEvent<'response.restarted'>
  | (ResponseEvent<'response.completed'> & Ending)
  | (ResponseEvent<'response.incomplete'> & Ending & { readonly reason: string })
  | (ResponseEvent<'response.failed'> & Ending & { readonly error: Failure })
  | ServerError;

/** A frame of ours was refused; `eventId` tells which, where the server could read it. */
export interface ServerError {
  readonly type: 'error';
  readonly error: Failure;
  readonly eventId: string | null;
}
