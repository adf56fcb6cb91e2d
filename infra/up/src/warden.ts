/**
 * A process whose only job is to outlive the supervisor by a moment: when the pipe from it closes
 * without a goodbye (it was killed), what it had started is stopped, so that nothing is left behind
 * holding ports and data. Lines on standard input: `+PID`, `-PID`, `bye`.
 */
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';

const GRACE_MS = 8_000;
const groups = new Set<number>();
let goodbye = false;

function signal(pid: number, name: NodeJS.Signals | 0): boolean {
  try {
    process.kill(-pid, name);
    return true;
  } catch {
    return false;
  }
}

async function endAll(): Promise<void> {
  // The last started depends on the first: it goes first.
  for (const pid of [...groups].reverse()) signal(pid, 'SIGTERM');
  const deadline = performance.now() + GRACE_MS;
  while (performance.now() < deadline && [...groups].some((pid) => signal(pid, 0))) {
    await sleep(100);
  }
  for (const pid of groups) signal(pid, 'SIGKILL');
}

// The terminal's Ctrl-C is for the supervisor; this one waits for its word.
process.on('SIGINT', () => {});
process.on('SIGTERM', () => {});
process.on('SIGHUP', () => {});

const lines = createInterface({ input: process.stdin });
lines.on('line', (line) => {
  const pid = Number(line.slice(1));
  if (line === 'bye') goodbye = true;
  else if (line.startsWith('+')) groups.add(pid);
  else if (line.startsWith('-')) groups.delete(pid);
});
lines.on('close', () => {
  if (goodbye) process.exit(0);
  void endAll().then(() => process.exit(0));
});
