import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as pause } from 'node:timers/promises';
import { isAlive, type Log } from '@flyball/lifecycle';
import { CLEAN_ENV } from './cluster.ts';
import type { Place } from './place.ts';
import { commandOf } from './process-command.ts';
import type { Software } from './software.ts';

/** The running server. */
export interface Postmaster {
  readonly pid: number;
  /** Resolves when the server has ended, for whatever reason. */
  readonly ended: Promise<void>;
  /** The last thing it complained about. */
  complaint(): string;
  /** Ends sessions and stops cleanly; harder when that takes longer than `withinMs`. */
  stop(withinMs: number): Promise<void>;
}

const ORPHAN_WITHIN_MS = 10_000;

/**
 * Runs when we are gone without having stopped the server (its input ends with us): stops it, so
 * that it is never left behind. It looks at the lock file first, because process ids are reused.
 */
const GUARDIAN = `cat > /dev/null
[ "$(head -n 1 "$2" 2> /dev/null)" = "$1" ] || exit 0
kill -INT "$1"
for i in 1 2 3 4 5 6 7 8 9 10; do
  sleep 1
  kill -0 "$1" 2> /dev/null || exit 0
done
kill -QUIT "$1"`;

/** Starts the server; {@link Postmaster.ended} tells when it could not. */
export function startPostmaster(
  place: Place,
  software: Software,
  listen: { host: string; port: number },
  log: Log,
): Postmaster {
  const settings = {
    listen_addresses: listen.host,
    port: listen.port,
    // No socket files: their paths may not be longer than 107 bytes.
    unix_socket_directories: '',
    max_connections: 100,
    shared_buffers: '64MB',
    timezone: 'UTC',
    log_timezone: 'UTC',
    log_line_prefix: '',
    // Statements may hold what is no business of a log.
    log_min_error_statement: 'panic',
    log_statement: 'none',
  };
  const options = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  // A group of its own: Ctrl-C in the terminal is for us, and we stop the server in our turn.
  const child = spawn(software.postgres, ['-D', place.cluster, ...options], {
    cwd: place.cluster,
    env: CLEAN_ENV,
    detached: true,
    stdio: ['ignore', 'ignore', 'pipe'],
    ...place.account,
  });
  let complaint = '';
  const ended = new Promise<void>((resolve) => {
    child.once('error', (error) => {
      complaint = error.message;
      resolve();
    });
    child.once('exit', () => resolve());
  });
  if (child.stderr) {
    createInterface({ input: child.stderr }).on('line', (line) => {
      complaint = forward(line, log) ?? complaint;
    });
  }
  guard(child, place);
  return {
    pid: child.pid ?? -1,
    ended,
    complaint: () => complaint,
    async stop(withinMs) {
      child.kill('SIGINT');
      const timer = setTimeout(() => child.kill('SIGQUIT'), withinMs);
      await ended;
      clearTimeout(timer);
    },
  };
}

/** Logs a line at its level; returns it when it is a complaint. */
function forward(line: string, log: Log): string | undefined {
  const found = /^([A-Z0-9]+):\s+(.*)$/.exec(line);
  const [, severity = 'LOG', text = line] = found ?? [];
  // Our own question whether it is ready, asked too early.
  const early = text === 'the database system is starting up';
  if ((severity === 'FATAL' || severity === 'PANIC') && !early) {
    log.error({ severity }, text);
    return text;
  }
  if (severity === 'WARNING' || severity === 'ERROR') log.warn({ severity }, text);
  else log.debug({ severity }, text);
  return undefined;
}

function guard(child: ChildProcess, place: Place): void {
  if (child.pid === undefined) return;
  const lockFile = join(place.cluster, 'postmaster.pid');
  const guardian = spawn('/bin/sh', ['-c', GUARDIAN, 'sh', String(child.pid), lockFile], {
    cwd: '/',
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  guardian.on('error', () => undefined);
  guardian.stdin?.on('error', () => undefined);
  guardian.unref();
}

/**
 * Clears the way after a crash: stops a server that outlived its parent, and removes the lock file
 * when its process id belongs to something else by now. We hold the data directory's lock, so no
 * server on it can be anybody's.
 */
export async function clearOrphan(place: Place, log: Log): Promise<void> {
  const lockFile = join(place.cluster, 'postmaster.pid');
  const pid = pidIn(lockFile);
  if (pid === undefined || !isAlive(pid)) return;
  if (!commandOf(pid).includes(place.cluster)) {
    log.warn({ pid }, 'removing the lock file of a server that is gone');
    rmSync(lockFile, { force: true });
    return;
  }
  log.warn({ pid }, 'stopping a server that was left behind');
  process.kill(pid, 'SIGINT');
  if (await endedWithin(pid, ORPHAN_WITHIN_MS)) return;
  process.kill(pid, 'SIGQUIT');
  if (await endedWithin(pid, ORPHAN_WITHIN_MS)) return;
  throw new Error(
    `PostgreSQL (process ${pid}) was left behind and does not stop. Stop it by hand.`,
  );
}

async function endedWithin(pid: number, withinMs: number): Promise<boolean> {
  const deadline = performance.now() + withinMs;
  while (isAlive(pid) && performance.now() < deadline) await pause(50);
  return !isAlive(pid);
}

function pidIn(lockFile: string): number | undefined {
  try {
    const pid = Number(readFileSync(lockFile, 'utf8').split('\n')[0]);
    return Number.isInteger(pid) && pid > 0 ? pid : undefined;
  } catch {
    return undefined;
  }
}
