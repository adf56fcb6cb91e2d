import { type ChildProcess, spawn } from 'node:child_process';
import { join, resolve } from 'node:path';

/** The root of the checkout. */
export const ROOT = resolve(import.meta.dirname, '../..');

/** One of the project's programs, run from its sources as a child process. */
export interface RunningProgram {
  readonly child: ChildProcess;
  readonly pid: number;
  /** Every JSON line it has logged. */
  readonly lines: LogLine[];
  /** Everything that was no JSON. */
  readonly text: () => string;
  /** Resolves with the first line, past or to come, that `wanted` accepts. */
  line(wanted: (line: LogLine) => boolean, withinMs?: number): Promise<LogLine>;
  /** Sends the signal and resolves with the exit code (or the name of the signal it died of). */
  stop(signal?: NodeJS.Signals, withinMs?: number): Promise<number | string>;
  /** Resolves when it has ended. */
  readonly ended: Promise<number | string>;
}

export interface LogLine {
  msg: string;
  level: number;
  [key: string]: unknown;
}

/** Starts `main` (a path from the root of the checkout) with Node and the sources of our libs. */
export function startProgram(main: string, env: NodeJS.ProcessEnv): RunningProgram {
  const child = spawn(
    process.execPath,
    ['--conditions=@flyball/source', '--disable-warning=ExperimentalWarning', join(ROOT, main)],
    { cwd: ROOT, env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] },
  );
  const log = readLog(child);
  const ended = new Promise<number | string>((done) => {
    child.once('close', (code, signal) => done(code ?? signal ?? 'unknown'));
  });
  return {
    child,
    pid: child.pid ?? -1,
    lines: log.lines,
    text: log.text,
    ended,
    line: (wanted, withinMs = 60_000) => log.waitFor(main, wanted, ended, withinMs),
    async stop(signal = 'SIGTERM', withinMs = 20_000) {
      if (child.exitCode === null && child.signalCode === null) child.kill(signal);
      const timer = setTimeout(() => child.kill('SIGKILL'), withinMs);
      try {
        return await ended;
      } finally {
        clearTimeout(timer);
      }
    },
  };
}

/** Sorts what a program prints into JSON lines and the rest. */
function readLog(child: ChildProcess) {
  const lines: LogLine[] = [];
  const watchers = new Set<(line: LogLine) => void>();
  let text = '';
  let partial = '';
  const take = (part: string) => {
    try {
      const line = JSON.parse(part) as LogLine;
      lines.push(line);
      for (const watcher of [...watchers]) watcher(line);
    } catch {
      text += `${part}\n`;
    }
  };
  child.stdout?.on('data', (chunk: Buffer) => {
    const parts = (partial + chunk).split('\n');
    partial = parts.pop() ?? '';
    for (const part of parts) take(part);
  });
  child.stderr?.on('data', (chunk: Buffer) => {
    text += chunk;
  });
  const told = () => `${text}\n${lines.map((line) => JSON.stringify(line)).join('\n')}`;

  function waitFor(
    main: string,
    wanted: (line: LogLine) => boolean,
    ended: Promise<number | string>,
    withinMs: number,
  ): Promise<LogLine> {
    const past = lines.find(wanted);
    if (past) return Promise.resolve(past);
    return new Promise((found, failed) => {
      const settle = () => {
        clearTimeout(timer);
        watchers.delete(watcher);
      };
      const fail = (why: string) => {
        settle();
        failed(new Error(`${main} ${why}.\n${told()}`));
      };
      const watcher = (line: LogLine) => {
        if (!wanted(line)) return;
        settle();
        found(line);
      };
      const timer = setTimeout(() => fail(`said no such line within ${withinMs} ms`), withinMs);
      watchers.add(watcher);
      ended.then((code) => fail(`ended with ${code} before that`));
    });
  }

  return { lines, text: () => text, waitFor };
}
