import type { Answer, AnswerNote } from './conversation.ts';

const notes: Readonly<Record<AnswerNote, string>> = {
  max_output_tokens: 'Cut at the longest answer that the settings allow.',
  repetition: 'Ended because it had begun to repeat itself.',
  restarted: 'Another model took over, so this answer began anew.',
};

/** What is happening to a prompt that has no text yet. */
export function waitingFor({ stopping, responseId, progress }: Answer): string {
  if (stopping) {
    return 'Stopping…';
  }
  if (responseId === null || progress === null) {
    return 'Waiting for the first word…';
  }
  if (progress.queuePosition !== null) {
    return progress.queuePosition === 0 ? 'Next in the queue…' : `In the queue, ${progress.queuePosition} ahead…`;
  }
  return progress.promptTokens === null || progress.promptTokens === 0
    ? 'Waiting for the first word…'
    : `Reading the prompt: ${progress.prefilledTokens ?? 0} of ${progress.promptTokens} tokens…`;
}

/** What a reader should know about how the text came to be as it is; null where there is nothing to tell. */
export function noteFor({ state, note, text }: Answer): string | null {
  if (state === 'stopped') {
    return text === '' ? 'Stopped before the first word.' : 'Stopped.';
  }
  return note === null ? null : notes[note];
}

/** The figures under an answer, in the order in which they are shown; none while it runs. */
export function figures({ timings, usage }: Answer): string[] {
  const found: string[] = [];
  if (timings?.tokensPerSecond != null) {
    found.push(`${timings.tokensPerSecond.toFixed(1)} tokens/s`);
  }
  if (timings?.timeToFirstTokenMs != null) {
    found.push(`first token after ${duration(timings.timeToFirstTokenMs)}`);
  }
  if (usage !== null && usage.outputTokens > 0) {
    found.push(`${usage.outputTokens} ${usage.outputTokens === 1 ? 'token' : 'tokens'}`);
  }
  return found;
}

function duration(ms: number): string {
  return ms < 1000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(1)} s`;
}
