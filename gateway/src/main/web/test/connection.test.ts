import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Connection, socketUrl, type ConnectionState } from '../src/connection.ts';
import { FakeSocket } from './fake-socket.ts';

describe('Connection', () => {
  let sockets: FakeSocket[];
  let states: ConnectionState[];
  let frames: unknown[];
  let connection: Connection;

  beforeEach(() => {
    vi.useFakeTimers();
    sockets = [];
    states = [];
    frames = [];
    const openSocket = (): FakeSocket => {
      const socket = new FakeSocket();
      sockets.push(socket);
      return socket;
    };
    connection = new Connection(
      { onState: (state) => states.push(state), onFrame: (data) => frames.push(data) },
      openSocket,
      () => 1,
    );
    connection.connect();
  });

  afterEach(() => {
    vi.useRealTimers();
  });

  const last = (): FakeSocket => sockets.at(-1) ?? new FakeSocket();

  it('sends only when it is open', () => {
    expect(connection.send({ a: 1 })).toBe(false);

    last().opens();

    expect(connection.send({ a: 2 })).toBe(true);
    expect(last().sent).toEqual([{ a: 2 }]);
  });

  it('hands frames on', () => {
    last().opens();
    last().receives({ type: 'x' });

    expect(frames).toEqual(['{"type":"x"}']);
  });

  it('waits twice as long before each attempt, up to a limit', () => {
    const waits: number[] = [];
    for (let attempt = 0; attempt < 8; attempt++) {
      last().drops();
      const state = states.at(-1);
      waits.push(state?.kind === 'lost' ? state.retryInMs : -1);
      vi.advanceTimersByTime(15_000);
    }

    expect(waits).toEqual([500, 1000, 2000, 4000, 8000, 15_000, 15_000, 15_000]);
    expect(sockets).toHaveLength(9);
  });

  it('does not come back before its time', () => {
    last().drops();

    vi.advanceTimersByTime(499);
    expect(sockets).toHaveLength(1);

    vi.advanceTimersByTime(1);
    expect(sockets).toHaveLength(2);
  });

  it('forgets its failures after a connection that lasted, not after one that was closed at once', () => {
    last().drops();
    vi.advanceTimersByTime(500);
    last().opens();
    last().drops(1013);
    expect(states.at(-1)).toEqual({ kind: 'lost', why: 'The server is full.', retryInMs: 1000 });

    vi.advanceTimersByTime(1000);
    last().opens();
    vi.advanceTimersByTime(10_000);
    last().drops();

    expect(states.at(-1)).toMatchObject({ retryInMs: 500 });
  });

  it('tries at once when it is asked to, and forgets the attempt that was to come', () => {
    last().drops();
    connection.connect();
    connection.connect();
    expect(sockets).toHaveLength(2);

    last().drops();
    vi.advanceTimersByTime(999);
    expect(sockets).toHaveLength(2);

    vi.advanceTimersByTime(1);
    expect(sockets).toHaveLength(3);
  });

  it('stays closed once it is closed', () => {
    const socket = last();
    socket.opens();

    connection.close();
    vi.advanceTimersByTime(60_000);

    expect(socket.closed).toBe(true);
    expect(socket.onclose).toBeNull();
    expect(sockets).toHaveLength(1);
  });

  it('makes no further attempt once it is closed', () => {
    last().drops();

    connection.close();
    vi.advanceTimersByTime(60_000);

    expect(sockets).toHaveLength(1);
  });
});

describe('socketUrl', () => {
  it.each([
    ['http://127.0.0.1:8080/', 'ws://127.0.0.1:8080/v1/responses'],
    ['https://example.org/chat/?a=b#c', 'wss://example.org/chat/v1/responses'],
  ])('is beside %s', (page, socket) => {
    expect(socketUrl(page)).toBe(socket);
  });
});
