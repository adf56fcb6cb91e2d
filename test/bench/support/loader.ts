import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { LoadCounters } from '../../support/load/counters.ts';
import type { LoadOptions } from '../../support/load/load.ts';
import { endWithUs } from './ending.ts';

/** The load generator in a process of its own. */
export interface Loader {
  stop(): Promise<LoadCounters>;
  readonly done: Promise<LoadCounters>;
}

const FLAGS = {
  target: 'target',
  protocol: 'protocol',
  shape: 'shape',
  rate: 'rate',
  maxSpans: 'spans',
  spansPerTrace: 'trace-size',
  concurrency: 'concurrency',
  connections: 'connections',
} as const;

interface LoaderOptions extends Pick<LoadOptions, keyof typeof FLAGS> {
  readonly durationMs?: number;
  /** Once a second. */
  readonly onReport?: (counters: LoadCounters) => void;
}

export function startLoader({ durationMs, onReport, ...options }: LoaderOptions): Loader {
  const args = Object.entries(options).flatMap(([key, value]) =>
    value === undefined ? [] : [`--${FLAGS[key as keyof typeof FLAGS]}`, String(value)],
  );
  if (durationMs !== undefined) args.push('--seconds', String(durationMs / 1000));
  const main = join(import.meta.dirname, '..', 'load', 'main.ts');
  const child = spawn(process.execPath, [main, '--json', ...args], {
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
  });
  endWithUs(child);
  let latest: LoadCounters | undefined;
  createInterface({ input: child.stdout as NodeJS.ReadableStream }).on('line', (line) => {
    latest = JSON.parse(line) as LoadCounters;
    onReport?.(latest);
  });
  const done = new Promise<LoadCounters>((resolve, reject) => {
    child.once('close', (code) => {
      if (code === 0 && latest !== undefined) resolve(latest);
      else reject(new Error(`the load generator ended with ${code}`));
    });
  });
  return {
    done,
    stop() {
      child.kill('SIGTERM');
      return done;
    },
  };
}
