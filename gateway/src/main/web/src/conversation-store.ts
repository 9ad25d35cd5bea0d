import { kept, type Conversation } from './conversation.ts';

/** Where a page keeps its conversation for the next time that it is loaded. */
export interface ConversationStore {
  load(): Conversation | null;
  save(conversation: Conversation): void;
}

/** Keeps nothing. */
export const forgetful: ConversationStore = { load: () => null, save: () => undefined };

/** Of this version of the page: one that is kept otherwise is not read. */
const KEY = 'millrace.conversation.1';

/** Keeps it in a browser's storage, and goes on without where the browser does not allow that or has no room. */
export function storeIn(storage: () => Storage): ConversationStore {
  return {
    load: () => {
      try {
        return JSON.parse(storage().getItem(KEY) ?? 'null') as Conversation | null;
      } catch {
        return null;
      }
    },
    save: (conversation) => {
      try {
        storage().setItem(KEY, JSON.stringify(kept(conversation)));
      } catch {
        // The conversation is there until the page is loaded anew.
      }
    },
  };
}
