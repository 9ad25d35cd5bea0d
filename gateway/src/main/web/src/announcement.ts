const SENTENCE_END = /[.!?…؟۔।]+["'»”’)\]]*(?=\s)|[。！？]+[」』”’）]*|\n/gu;

/**
 * Where the last whole sentence of a growing text ends, at or after `from`. A screen reader is given whole
 * sentences, each once: token by token it would stammer, and the whole text again and again it would never end.
 */
export function spokenUpTo(text: string, from: number, ended: boolean): number {
  if (ended) {
    return text.length;
  }
  let end = from;
  SENTENCE_END.lastIndex = from;
  for (let match = SENTENCE_END.exec(text); match !== null; match = SENTENCE_END.exec(text)) {
    end = SENTENCE_END.lastIndex;
  }
  return end;
}
