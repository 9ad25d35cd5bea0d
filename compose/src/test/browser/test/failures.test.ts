import { describe, expect } from 'vitest';
import { expectGrowth } from '../src/growth.ts';
import { learned } from '../src/learned.ts';
import { SeparateStack } from '../src/separate-stack.ts';
import { test as base } from '../src/test.ts';

/** Tokens a second: an answer of 392 tokens has time enough to lose its worker. */
const PACE = 100;

const test = base
  .extend('stack', { scope: 'file' }, async ({}, { onCleanup }) => {
    const stack = await SeparateStack.start(PACE);
    onCleanup(() => stack.stop());
    return stack;
  })
  .extend('url', { scope: 'file' }, ({ stack }) => stack.url);

describe('failures', () => {
  test('a prompt beyond the context is refused in words, and the next one is answered', async ({ chat }) => {
    const { prompt, answer: expected } = learned('en-10/1');
    await chat.beGreedy();

    const refused = await chat.paste('word '.repeat(5_000));
    const state = await refused.ended();
    const answer = await chat.ask(prompt);
    await answer.ended();

    expect(state).toBe('error');
    expect(await refused.part('error').getAttribute('data-code')).toBe('context_length_exceeded');
    expect(await refused.part('error').textContent()).toContain('too long for the model');
    expect(await refused.part('stats').count()).toBe(0);
    expect(await answer.text()).toBe(expected);
  });

  test('a gateway that is killed is missed in words; the next one goes on with the answer', async ({ chat, stack }) => {
    const { prompt, answer: expected } = learned('ja-05/1');
    chat.witness.expect(/^console: .*ERR_CONNECTION_REFUSED/);
    await chat.beGreedy();

    const answer = await chat.ask(prompt);
    const shown = await answer.record();
    await answer.grownTo(5);
    await stack.killGateway();
    await chat.awaitConnection('lost', /^No connection to the server\. Trying again in \d+ s\.$/);
    const state = await answer.state();
    stack.startGateway();
    await chat.awaitConnection('open');

    expect(await answer.ended()).toBe('done');
    expect(state).toBe('streaming');
    expectGrowth(await shown(), expected);
    expect(await chat.part('error').count()).toBe(0);
    expect(await chat.part('message-assistant').count()).toBe(1);
  });

  test('a page that is loaded anew in mid-answer goes on with it', async ({ chat }) => {
    const { prompt, answer: expected } = learned('ja-05/1');
    await chat.beGreedy();

    const before = await chat.ask(prompt);
    await before.grownTo(5);
    const atTheReload = await before.text();
    await chat.page.reload();
    await chat.awaitConnection('open');
    const answer = await chat.answerAt(0);

    expect(await answer.ended()).toBe('done');
    expect(atTheReload.length).toBeLessThan(expected.length / 2);
    expect(await answer.text()).toBe(expected);
    expect(await chat.part('message-assistant').count()).toBe(1);
  });

  test('a worker that is killed in mid-answer is noticed only as a pause', async ({ chat, stack }) => {
    const { prompt, answer: expected } = learned('ja-05/1');
    await chat.beGreedy();

    const answer = await chat.ask(prompt);
    const shown = await answer.record();
    await answer.grownTo(10);
    await (await stack.busyWorker()).process.kill();
    const atTheKill = await answer.text();

    expect(await answer.ended()).toBe('done');
    expect(atTheKill.length).toBeLessThan(expected.length / 2);
    expectGrowth(await shown(), expected);
    expect(await answer.part('note').count()).toBe(0);
    expect(await chat.part('error').count()).toBe(0);
    expect(await chat.part('connection-state').getAttribute('data-state')).toBe('open');
  });
});
