import { rm } from 'node:fs/promises';
import { resolve } from 'node:path';
import { JavaProcess } from './java-process.ts';
import { freePort } from './operations.ts';
import { modelFile, traces } from './places.ts';

/** What `make run` starts: broker, worker and gateway in one process. */
export class EmbeddedStack {
  private constructor(
    private readonly process: JavaProcess,
    private readonly data: string,
    readonly url: string,
    /** Of the worker. */
    readonly operationsPort: number,
  ) {}

  /** @param paceTokensPerSecond of each answer; 0: as fast as the machine can */
  static async start(name: string, paceTokensPerSecond: number): Promise<EmbeddedStack> {
    const data = resolve(traces, `data-of-${name}`);
    await rm(data, { recursive: true, force: true });
    const operationsPort = await freePort();
    const process = JavaProcess.start(name, 'compose.Embedded', [], {
      HTTP_PORT: '0',
      KAFKA_PORT: '0',
      OPERATIONS_PORT: String(operationsPort),
      DATA_DIR: data,
      MODEL: modelFile,
      PACE_TOKENS_PER_SECOND: String(paceTokensPerSecond),
    });
    const url = (await process.ready()).split(' ')[1];
    if (url === undefined) {
      throw new Error('the line that says it is ready names the address of the page');
    }
    return new EmbeddedStack(process, data, url, operationsPort);
  }

  async stop(): Promise<void> {
    await this.process.terminate();
    await rm(this.data, { recursive: true, force: true });
  }
}
