import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Operator } from './operator.ts';
import { freePortBase } from './ports.ts';
import { until } from './until.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const START_MS = 90_000;
const STOP_MS = 15_000;

export type ProcessName =
  | 'clickhouse'
  | 'postgres'
  | 'collector'
  | 'controller'
  | 'dashboard'
  | 'demo';

export interface StackOptions {
  readonly verb: 'start' | 'demo';
  readonly env?: Readonly<Record<string, string>>;
  readonly policies?: string;
  /** Kept when given; otherwise made, and removed at the end. */
  readonly dataDir?: string;
  readonly portBase?: number;
}

interface Running {
  readonly supervisor: number;
  readonly processes: Readonly<Record<string, number>>;
}

/** Flyball as a user runs it: the real supervisor with all its processes. */
export class Stack {
  readonly dataDir: string;
  readonly portBase: number;
  readonly #process: ChildProcess;
  readonly #output: string[] = [];
  readonly #ownsData: boolean;

  private constructor(options: StackOptions, dataDir: string, portBase: number) {
    this.dataDir = dataDir;
    this.portBase = portBase;
    this.#ownsData = options.dataDir === undefined;
    const args = ['--data-dir', dataDir, '--port-base', String(portBase), '--json-logs'];
    if (options.policies !== undefined) args.push('--policies', options.policies);
    this.#process = spawn(
      process.execPath,
      [join(ROOT, 'infra', 'up', 'dist', 'main.js'), options.verb, ...args],
      {
        env: { ...process.env, CLICKHOUSE_URL: '', DATABASE_URL: '', ...options.env },
        stdio: ['ignore', 'pipe', 'pipe'],
      },
    );
    for (const stream of [this.#process.stdout, this.#process.stderr]) {
      stream?.on('data', (chunk: Buffer) => {
        this.#output.push(String(chunk));
        if (this.#output.length > 5_000) this.#output.shift();
      });
    }
  }

  /** @throws with what was printed when it does not come up. */
  static async start(options: StackOptions): Promise<Stack> {
    const dataDir = options.dataDir ?? mkdtempSync(join(tmpdir(), 'flyball-stack-'));
    const stack = new Stack(options, dataDir, options.portBase ?? (await freePortBase()));
    try {
      await until('Flyball runs', START_MS, () => {
        if (stack.#process.exitCode !== null) return 'ended';
        return stack.output().includes('Flyball is running.');
      });
      if (stack.#process.exitCode !== null) throw new Error('it ended');
    } catch (error) {
      const output = stack.output();
      await stack.stop();
      throw new Error(`${(error as Error).message}\n${output.slice(-6_000)}`);
    }
    return stack;
  }

  get url() {
    const at = (offset: number) => `http://127.0.0.1:${this.portBase + offset}`;
    return {
      dashboard: at(0),
      controller: at(1),
      otlpGrpc: at(2),
      otlpHttp: at(3),
      clickhouse: at(4),
      demo: at(10),
      gateway: at(11),
    };
  }

  output(): string {
    return this.#output.join('');
  }

  get supervisorPid(): number {
    return this.#process.pid ?? 0;
  }

  /** Ids of the running processes, as the supervisor last noted them. */
  pids(): Readonly<Record<string, number>> {
    const file = join(this.dataDir, 'running.json');
    return (JSON.parse(readFileSync(file, 'utf8')) as Running).processes;
  }

  kill(name: ProcessName, signal: NodeJS.Signals = 'SIGKILL'): number {
    const pid = this.pids()[name];
    if (pid === undefined) throw new Error(`${name} is not running`);
    process.kill(pid, signal);
    return pid;
  }

  /** Signed in as the first admin, through the dashboard like a browser. */
  async operator(): Promise<Operator> {
    const operator = new Operator(this.url.dashboard);
    await operator.redeemFirstLink(this.dataDir);
    return operator;
  }

  /** Ctrl-C, then everything must be gone. Safe to call twice. */
  async stop(): Promise<void> {
    if (this.#process.exitCode === null && this.#process.signalCode === null) {
      const ended = new Promise((resolve) => this.#process.once('exit', resolve));
      this.#process.kill('SIGINT');
      const timer = setTimeout(() => this.#process.kill('SIGKILL'), STOP_MS);
      await ended;
      clearTimeout(timer);
    }
    if (this.#ownsData) rmSync(this.dataDir, { recursive: true, force: true, maxRetries: 5 });
  }
}
