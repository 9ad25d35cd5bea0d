import type { Failure, Progress, ServerEvent, Timings, Usage } from './protocol.ts';

type Fields = Readonly<Record<string, unknown>>;

const nothing: Fields = {};

/**
 * Reads one frame. Null for what is no frame of this dialect, or lacks what its type cannot do without: a newer
 * server may say more than this page knows, and the page passes over it.
 */
export function parseFrame(data: unknown): ServerEvent | null {
  const frame = parseFields(data);
  const type = text(frame['type']);
  if (type === 'error') {
    return {
      type,
      error: failure(frame['error'] === undefined ? frame : fields(frame['error'])),
      eventId: text(frame['event_id']),
    };
  }
  const response = fields(frame['response']);
  const responseId = text(frame['response_id']) ?? text(response['id']);
  if (type === null || responseId === null) {
    return null;
  }
  return responseEvent(type, { responseId, sequence: count(frame['sequence_number']) }, frame, response);
}

function responseEvent(
  type: string,
  base: { responseId: string; sequence: number | null },
  frame: Fields,
  response: Fields,
): ServerEvent | null {
  switch (type) {
    case 'response.created':
      return {
        type,
        ...base,
        eventId: text(frame['event_id']),
        model: text(response['model']),
        cursor: text(frame['cursor']),
      };
    case 'response.resumed':
      return { type, ...base, cursor: text(frame['cursor']) };
    case 'response.in_progress':
    case 'response.restarted':
      return { type, ...base };
    case 'response.queued':
    case 'response.progress':
      return { type, ...base, ...progress(frame) };
    case 'response.output_text.delta': {
      const delta = text(frame['delta']);
      return delta === null ? null : { type, ...base, delta };
    }
    case 'response.output_text.done': {
      const whole = text(frame['text']);
      return whole === null ? null : { type, ...base, text: whole };
    }
    case 'response.completed':
      return { type, ...base, ...ending(response) };
    case 'response.incomplete':
      return {
        type,
        ...base,
        ...ending(response),
        reason: text(fields(response['incomplete_details'])['reason']) ?? 'unknown',
      };
    case 'response.failed':
      return { type, ...base, ...ending(response), error: failure(fields(response['error'])) };
    default:
      return null;
  }
}

function ending(response: Fields): { usage: Usage | null; timings: Timings | null } {
  return { usage: usage(response['usage']), timings: timings(response['timings']) };
}

function usage(value: unknown): Usage | null {
  const inputTokens = count(fields(value)['input_tokens']);
  const outputTokens = count(fields(value)['output_tokens']);
  return inputTokens === null || outputTokens === null ? null : { inputTokens, outputTokens };
}

function timings(value: unknown): Timings | null {
  const timeToFirstTokenMs = count(fields(value)['time_to_first_token_ms']);
  const tokensPerSecond = count(fields(value)['tokens_per_second']);
  return timeToFirstTokenMs === null && tokensPerSecond === null ? null : { timeToFirstTokenMs, tokensPerSecond };
}

function progress(frame: Fields): Progress {
  return {
    queuePosition: count(frame['queue_position']),
    prefilledTokens: count(frame['prefilled_tokens']),
    promptTokens: count(frame['prompt_tokens']),
  };
}

function failure(error: Fields): Failure {
  return { code: text(error['code']) ?? 'unknown', message: text(error['message']) ?? '', param: text(error['param']) };
}

function parseFields(data: unknown): Fields {
  if (typeof data !== 'string') {
    return nothing;
  }
  try {
    return fields(JSON.parse(data));
  } catch {
    return nothing;
  }
}

function fields(value: unknown): Fields {
  return typeof value === 'object' && value !== null ? (value as Fields) : nothing;
}

function text(value: unknown): string | null {
  return typeof value === 'string' ? value : null;
}

/** A number at or above zero: nothing that this dialect counts or measures can be less. */
function count(value: unknown): number | null {
  return typeof value === 'number' && value >= 0 ? value : null;
}
