import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdirSync, openSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { resolve } from 'node:path';
import { launcher, traces } from './places.ts';

const PATIENCE_MS = 30_000;

/** One of the main classes in a process of its own; its standard error goes to a file under {@link traces}. */
export class JavaProcess {
  private readonly killedWithThis = (): void => void this.child.kill('SIGKILL');

  private constructor(
    private readonly child: ChildProcess,
    private readonly log: string,
  ) {
    process.once('exit', this.killedWithThis);
  }

  static start(
    name: string,
    main: string,
    settings: readonly string[],
    environment: NodeJS.ProcessEnv = {},
  ): JavaProcess {
    mkdirSync(traces, { recursive: true });
    const log = resolve(traces, `${name}.log`);
    const standardError = openSync(log, 'a');
    const child = spawn(launcher, [`dev.millrace.${main}`, ...settings], {
      env: { ...process.env, ...environment },
      stdio: ['ignore', 'pipe', standardError],
    });
    closeSync(standardError);
    return new JavaProcess(child, log);
  }

  /** The first line on standard output, which says that the process is ready. */
  async ready(): Promise<string> {
    const { stdout } = this.child;
    if (stdout === null) {
      throw new Error('standard output is a pipe');
    }
    const lines = createInterface(stdout);
    const timeout = AbortSignal.timeout(PATIENCE_MS);
    const ended = once(lines, 'close', { signal: timeout }).then(() => null);
    const line = await Promise.race([once(lines, 'line', { signal: timeout }), ended]);
    if (line === null) {
      throw new Error(`it ended before it was ready: ${this.log} tells why`);
    }
    return String(line[0]);
  }

  /** As `kill` does it; returns when the process is gone. */
  async terminate(): Promise<void> {
    await this.end('SIGTERM');
  }

  /** As `kill -9` does it; returns when the process is gone. */
  async kill(): Promise<void> {
    await this.end('SIGKILL');
  }

  private async end(signal: NodeJS.Signals): Promise<void> {
    process.off('exit', this.killedWithThis);
    if (this.child.exitCode === null && this.child.signalCode === null) {
      const gone = once(this.child, 'exit');
      this.child.kill(signal);
      await gone;
    }
  }
}
