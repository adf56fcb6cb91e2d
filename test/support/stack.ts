import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { removeDirectory, temporaryDirectory } from './clickhouse.ts';
import { ROOT } from './process.ts';
import { until } from './until.ts';

export type ProcessName =
  | 'clickhouse'
  | 'postgres'
  | 'collector'
  | 'controller'
  | 'dashboard'
  | 'demo';

export interface StackOptions {
  verb?: 'start' | 'demo';
  /** Kept afterwards when given; otherwise a temporary one, removed by {@link Stack.stop}. */
  dataDir?: string;
  /** First of 20 free ports; chosen when not given. */
  portBase?: number;
  args?: readonly string[];
  env?: NodeJS.ProcessEnv;
  readyWithinMs?: number;
}

export interface StackUrls {
  dashboard: string;
  controller: string;
  otlpHttp: string;
  otlpGrpc: string;
  /** With user and password. */
  clickhouse: string;
  /** With user and password. */
  postgres: string;
  demo: string;
  demoGateway: string;
}

/** All of Flyball as `npm start` or `npm run demo` runs it, on ports and data of its own. */
export interface Stack {
  readonly supervisor: ChildProcess;
  readonly dataDir: string;
  readonly portBase: number;
  readonly urls: StackUrls;
  /** Everything it has printed. */
  output(): string;
  /** Id of a process as it is now; null while it is away. */
  pid(name: ProcessName): number | null;
  /** Sends a signal to one of the processes (SIGKILL) and returns the id it had. */
  kill(name: ProcessName, signal?: NodeJS.Signals): number;
  /** Resolves when the process is ready again under another id than `oldPid`. */
  recovered(name: ProcessName, oldPid: number, withinMs?: number): Promise<void>;
  /** Stops everything and resolves with the exit code of the supervisor. */
  stop(signal?: NodeJS.Signals): Promise<number | string>;
}

interface RunningFile {
  supervisor: number;
  processes: Record<string, { pid: number | null; state: string }>;
}

const PORTS_NEEDED = 20;
const STOP_WITHIN_MS = 20_000;

/** Starts the built supervisor (`npm test` builds first) and waits until all is ready. */
export async function startStack(options: StackOptions = {}): Promise<Stack> {
  const dataDir = options.dataDir ?? temporaryDirectory();
  const portBase = options.portBase ?? (await freePortBase());
  const supervisor = spawnSupervisor({ ...options, dataDir, portBase });
  let output = '';
  for (const stream of [supervisor.stdout, supervisor.stderr]) {
    stream?.on('data', (chunk: Buffer) => {
      output += chunk;
    });
  }
  const ended = new Promise<number | string>((resolve) => {
    supervisor.once('close', (code, signal) => resolve(code ?? signal ?? 'unknown'));
  });
  const running = () =>
    JSON.parse(readFileSync(join(dataDir, 'running.json'), 'utf8')) as RunningFile;
  const stop = async (signal: NodeJS.Signals = 'SIGTERM') => {
    supervisor.kill(signal);
    const timer = setTimeout(() => supervisor.kill('SIGKILL'), STOP_WITHIN_MS);
    const code = await ended;
    clearTimeout(timer);
    if (options.dataDir === undefined) removeDirectory(dataDir);
    return code;
  };
  const stateOf = (name: ProcessName) => running().processes[name] ?? { pid: null, state: '' };

  let early: number | string | undefined;
  ended.then((code) => {
    early = code;
  });
  try {
    await until('the stack is ready', options.readyWithinMs ?? 120_000, () => {
      if (early !== undefined) return true;
      if (running().supervisor !== supervisor.pid) return false;
      const processes = Object.values(running().processes);
      return output.includes('Flyball is running') && processes.every(isReady);
    });
    if (early !== undefined) throw new Error(`the supervisor ended with ${early}`);
  } catch (error) {
    await stop();
    throw new Error(`${(error as Error).message}. It said:\n${output.slice(-8_000)}`);
  }

  return {
    supervisor,
    dataDir,
    portBase,
    urls: urlsOf(dataDir, portBase),
    output: () => output,
    pid: (name) => stateOf(name).pid,
    kill(name, signal = 'SIGKILL') {
      const { pid } = stateOf(name);
      if (pid === null) throw new Error(`${name} does not run`);
      process.kill(pid, signal);
      return pid;
    },
    async recovered(name, oldPid, withinMs = 60_000) {
      await until(`${name} is back`, withinMs, () => {
        const state = stateOf(name);
        return isReady(state) && state.pid !== oldPid;
      });
    },
    stop,
  };
}

/** The supervisor alone, for tests of how it refuses to start. */
export function spawnSupervisor(
  options: StackOptions & { dataDir: string; portBase: number },
): ChildProcess {
  const args = [
    join(ROOT, 'infra', 'up', 'dist', 'main.js'),
    options.verb ?? 'start',
    '--data-dir',
    options.dataDir,
    '--port-base',
    String(options.portBase),
    ...(options.args ?? []),
  ];
  // What the caller's shell says of Flyball must not reach the test's.
  const inherited = Object.entries(process.env).filter(
    ([name]) =>
      !/^(FLYBALL_|OTEL_|CLICKHOUSE_URL|DATABASE_URL|QUEUE_URL|CONTROLLER_URL)/.test(name),
  );
  return spawn(process.execPath, args, {
    cwd: ROOT,
    env: { ...Object.fromEntries(inherited), NO_COLOR: '1', ...options.env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}

function isReady({ state }: { state: string }): boolean {
  return state === 'ready';
}

function urlsOf(dataDir: string, base: number): StackUrls {
  const at = (offset: number) => `http://127.0.0.1:${base + offset}`;
  const password = readFileSync(join(dataDir, 'clickhouse-password'), 'utf8').trim();
  const connection = join(dataDir, 'postgres', 'connection.json');
  const postgres = existsSync(connection)
    ? (JSON.parse(readFileSync(connection, 'utf8')) as { url: string }).url
    : '';
  return {
    dashboard: at(0),
    controller: at(1),
    otlpGrpc: at(2),
    otlpHttp: at(3),
    clickhouse: `http://flyball:${password}@127.0.0.1:${base + 4}`,
    postgres,
    demo: at(10),
    demoGateway: at(11),
  };
}

/** A base above which the supervisor's ports are free at this moment. */
export async function freePortBase(): Promise<number> {
  for (let attempt = 0; attempt < 100; attempt++) {
    const base = 20_000 + Math.floor(Math.random() * 600) * PORTS_NEEDED;
    const offsets = Array.from({ length: PORTS_NEEDED }, (_, offset) => offset);
    const free = await Promise.all(offsets.map((offset) => isFree(base + offset)));
    if (free.every(Boolean)) return base;
  }
  throw new Error('no 20 free ports in a row were found');
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}
