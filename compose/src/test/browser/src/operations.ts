import { createServer } from 'node:net';
import { once } from 'node:events';

/** A port that nothing listened on a moment ago. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') {
    throw new Error('a TCP server has a port');
  }
  return address.port;
}

/** Something that listens there answers with success. */
export async function answers(url: string): Promise<boolean> {
  try {
    return (await fetch(url)).ok;
  } catch {
    return false;
  }
}

/** How many completions a worker has on its device, by its own metrics. */
export async function running(operationsPort: number): Promise<number> {
  const metrics = await (await fetch(`http://127.0.0.1:${operationsPort}/metrics`)).text();
  const value = /^vllm:num_requests_running(?:\{.*\})? (\S+)$/m.exec(metrics)?.[1];
  if (value === undefined) {
    throw new Error(`no gauge of running completions in ${metrics}`);
  }
  return Number(value);
}
