import { rm } from 'node:fs/promises';
import type { TestProject } from 'vitest/node';
import { findBrowser } from './browser.ts';
import { EmbeddedStack } from './embedded-stack.ts';
import { traces } from './places.ts';

/** Tokens a second of each answer: slow enough to meet one in its middle, also on a busy machine. */
export const SHARED_PACE = 200;

declare module 'vitest' {
  interface ProvidedContext {
    url: string;
    operationsPort: number;
  }
}

/** Vitest's global setup: the one stack of all tests that break nothing; none where there is no browser. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  findBrowser();
  await rm(traces, { recursive: true, force: true });
  const stack = await EmbeddedStack.start('shared-stack', SHARED_PACE);
  project.provide('url', stack.url);
  project.provide('operationsPort', stack.operationsPort);
  return () => stack.stop();
}
