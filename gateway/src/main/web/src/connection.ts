export type ConnectionState =
  | { readonly kind: 'connecting' }
  | { readonly kind: 'open' }
  /** Waiting until the next attempt. */
  | { readonly kind: 'lost'; readonly why: string; readonly retryInMs: number };

export interface ConnectionListener {
  onState(state: ConnectionState): void;
  onFrame(data: unknown): void;
}

/** The part of a browser's WebSocket that is used here. */
export type Socket = Pick<WebSocket, 'send' | 'close' | 'readyState' | 'onopen' | 'onmessage' | 'onclose'>;

const OPEN = 1;
const FIRST_RETRY_MS = 500;
const LONGEST_RETRY_MS = 15_000;
/** A connection that lived this long was a good one: the next attempt comes soon again. */
const PROVEN_MS = 10_000;

const reasons: Readonly<Record<number, string>> = {
  1008: 'The server refused the connection.',
  1012: 'The server is restarting.',
  1013: 'The server is full.',
};

/**
 * One WebSocket after another, for as long as the page lives. Attempts come after twice the wait each time, with
 * jitter, so that a server which comes back is not met by all its pages at once.
 */
export class Connection {
  private socket: Socket | null = null;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private failures = 0;
  private openedAt = 0;

  constructor(
    private readonly listener: ConnectionListener,
    private readonly openSocket: () => Socket,
    private readonly random: () => number = Math.random,
  ) {}

  /** Connects, at once if it was waiting for the next attempt. */
  connect(): void {
    clearTimeout(this.timer);
    if (this.socket !== null) {
      return;
    }
    this.listener.onState({ kind: 'connecting' });
    const socket = this.openSocket();
    this.socket = socket;
    socket.onopen = () => this.onOpen();
    socket.onmessage = (message: MessageEvent) => this.listener.onFrame(message.data);
    socket.onclose = (event: CloseEvent) => this.onClose(event.code);
  }

  /** False when there is no open connection: nothing was sent, and nothing will be. */
  send(frame: object): boolean {
    if (this.socket?.readyState !== OPEN) {
      return false;
    }
    this.socket.send(JSON.stringify(frame));
    return true;
  }

  /** Ends it for good; the listener hears nothing more. */
  close(): void {
    clearTimeout(this.timer);
    const socket = this.socket;
    this.socket = null;
    if (socket !== null) {
      socket.onopen = socket.onmessage = socket.onclose = null;
      socket.close();
    }
  }

  private onOpen(): void {
    this.openedAt = Date.now();
    this.listener.onState({ kind: 'open' });
  }

  private onClose(code: number): void {
    this.socket = null;
    const proven = this.openedAt > 0 && Date.now() - this.openedAt >= PROVEN_MS;
    this.openedAt = 0;
    this.failures = proven ? 1 : this.failures + 1;
    const longest = Math.min(LONGEST_RETRY_MS, FIRST_RETRY_MS * 2 ** (this.failures - 1));
    const retryInMs = Math.round(longest * (0.5 + this.random() / 2));
    this.timer = setTimeout(() => this.connect(), retryInMs);
    this.listener.onState({ kind: 'lost', why: reasons[code] ?? 'No connection to the server.', retryInMs });
  }
}

/** The gateway's socket, beside the page wherever that is served. */
export function socketUrl(pageUrl: string): string {
  const url = new URL('v1/responses', pageUrl);
  url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
  url.search = '';
  url.hash = '';
  return url.href;
}
