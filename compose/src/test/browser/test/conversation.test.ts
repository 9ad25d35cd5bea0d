import { describe, expect, inject } from 'vitest';
import { learned } from '../src/learned.ts';
import { running } from '../src/operations.ts';
import { SHARED_PACE } from '../src/shared-stack.ts';
import { test } from '../src/test.ts';

describe('a conversation', () => {
  test('an answer that is stopped gives its slot back long before it could have ended', async ({ chat }) => {
    const { prompt, answer: whole, tokens } = learned('ja-08/1');
    const operationsPort = inject('operationsPort');
    await chat.beGreedy();
    await chat.setNumber('max_new_tokens', 1024);

    const sentAt = Date.now();
    const answer = await chat.paste(prompt);
    await answer.grownTo(20);
    const runningBefore = await running(operationsPort);
    await chat.part('stop').click();
    const state = await answer.ended();
    await expect.poll(() => running(operationsPort), { timeout: 10_000 }).toBe(0);
    const freedAfterMs = Date.now() - sentAt;

    expect(runningBefore).toBe(1);
    expect(state).toBe('stopped');
    expect(freedAfterMs).toBeLessThan((tokens / SHARED_PACE) * 1000);
    expect(whole.startsWith(await answer.text())).toBe(true);
    expect(await answer.part('note').textContent()).toBe('Stopped.');
  });

  test('a follow-up is answered out of the history', async ({ chat }) => {
    const [first, followUp] = [learned('en-10/1'), learned('en-10/2')];
    await chat.beGreedy();

    await (await chat.ask(first.prompt)).ended();
    const answer = await chat.ask(followUp.prompt);

    expect(await answer.ended()).toBe('done');
    expect(await answer.text()).toBe(followUp.answer);
  });

  test('a follow-up without the history is answered as if nothing had gone before', async ({ chat }) => {
    const [first, followUp] = [learned('en-10/1'), learned('en-10/2')];
    await chat.beGreedy();
    await chat.setSwitch('include-history', false);

    const alone = await chat.ask(followUp.prompt);
    await alone.ended();
    await (await chat.ask(first.prompt)).ended();
    const answer = await chat.ask(followUp.prompt);

    expect(await answer.ended()).toBe('done');
    expect(await answer.text()).not.toBe(followUp.answer);
    expect(await answer.text()).toBe(await alone.text());
    expect(await answer.prompt.textContent()).toContain('Sent without the history');
  });

  test('a new conversation begins without the one before', async ({ chat }) => {
    const [first, followUp] = [learned('en-10/1'), learned('en-10/2')];
    await chat.beGreedy();

    await (await chat.ask(first.prompt)).ended();
    await chat.startOver();
    const answer = await chat.ask(followUp.prompt);

    expect(await answer.ended()).toBe('done');
    expect(await answer.text()).not.toBe(followUp.answer);
  });
});
