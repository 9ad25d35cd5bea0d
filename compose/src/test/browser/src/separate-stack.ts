import { rm } from 'node:fs/promises';
import { resolve } from 'node:path';
import { vi } from 'vitest';
import { JavaProcess } from './java-process.ts';
import { answers, freePort, running } from './operations.ts';
import { modelFile, traces } from './places.ts';

/** Of every gateway, so that one goes on with what another one began. */
const CURSOR_KEY = Buffer.alloc(32, 7).toString('base64');

const START = { timeout: 30_000, interval: 50 };

/** A worker as a process of its own. */
export interface SeparateWorker {
  readonly process: JavaProcess;
  readonly operationsPort: number;
}

/** Broker, gateway and two workers, each a process of its own that a test may kill. */
export class SeparateStack {
  private constructor(
    private readonly data: string,
    private readonly broker: JavaProcess,
    private readonly bootstrap: string,
    private readonly httpPort: number,
    private gateway: JavaProcess,
    readonly workers: readonly SeparateWorker[],
  ) {}

  /** @param paceTokensPerSecond of each answer */
  static async start(paceTokensPerSecond: number): Promise<SeparateStack> {
    const data = resolve(traces, 'data-of-separate-stack');
    await rm(data, { recursive: true, force: true });
    const broker = JavaProcess.start('broker', 'compose.broker.BrokerMain', [data, '0']);
    const bootstrap = `--kafka-bootstrap=${(await broker.ready()).replace('ready kafka ', '')}`;
    const httpPort = await freePort();
    const workers = await Promise.all(
      ['worker-1', 'worker-2'].map((name) => startWorker(name, bootstrap, paceTokensPerSecond)),
    );
    const gateway = startGateway(bootstrap, httpPort);
    const stack = new SeparateStack(data, broker, bootstrap, httpPort, gateway, workers);
    await stack.awaitReady();
    return stack;
  }

  get url(): string {
    return `http://127.0.0.1:${this.httpPort}`;
  }

  async killGateway(): Promise<void> {
    await this.gateway.kill();
  }

  /** On the port that it had. */
  startGateway(): void {
    this.gateway = startGateway(this.bootstrap, this.httpPort);
  }

  /** The one that has an answer in work; fails when none has. */
  async busyWorker(): Promise<SeparateWorker> {
    for (const worker of this.workers) {
      if ((await running(worker.operationsPort)) > 0) {
        return worker;
      }
    }
    throw new Error('no worker is busy');
  }

  async stop(): Promise<void> {
    await Promise.all([this.gateway, ...this.workers.map(({ process }) => process)].map((one) => one.kill()));
    await this.broker.kill();
    await rm(this.data, { recursive: true, force: true });
  }

  private async awaitReady(): Promise<void> {
    const urls = [this.url, ...this.workers.map(({ operationsPort }) => `http://127.0.0.1:${operationsPort}/readyz`)];
    for (const url of urls) {
      await vi.waitUntil(() => answers(url), START);
    }
  }
}

async function startWorker(name: string, bootstrap: string, pace: number): Promise<SeparateWorker> {
  const operationsPort = await freePort();
  const process = JavaProcess.start(name, 'worker.WorkerMain', [
    bootstrap,
    `--worker-id=${name}`,
    `--model=${modelFile}`,
    `--operations-port=${operationsPort}`,
    `--pace-tokens-per-second=${pace}`,
    '--partitions=2',
    '--session-timeout=1s',
  ]);
  return { process, operationsPort };
}

function startGateway(bootstrap: string, httpPort: number): JavaProcess {
  return JavaProcess.start('gateway', 'gateway.GatewayMain', [
    bootstrap,
    `--http-port=${httpPort}`,
    '--partitions=2',
    `--cursor-keys=${CURSOR_KEY}`,
    '--warm-up=0s', // answers are not over when it is there again
  ]);
}
