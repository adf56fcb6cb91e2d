import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** What a process has used so far. */
export interface Usage {
  /** User and system time, seconds. */
  readonly cpuS: number;
  /** Resident memory, bytes. */
  readonly rssBytes: number;
}

const PAGE_BYTES = 4096;
/** Linux tells CPU time in hundredths of a second, whatever the kernel's own tick. */
const TICKS_PER_S = 100;

/** CPU time and memory of a running process. @throws when it does not run */
export function usageOf(pid: number): Usage {
  return process.platform === 'linux' ? fromProc(pid) : fromPs(pid);
}

function fromProc(pid: number): Usage {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  // The name before it may hold spaces and brackets.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const ticks = Number(fields[11]) + Number(fields[12]);
  const pages = Number(readFileSync(`/proc/${pid}/statm`, 'utf8').split(' ')[1]);
  return { cpuS: ticks / TICKS_PER_S, rssBytes: pages * PAGE_BYTES };
}

function fromPs(pid: number): Usage {
  const text = execFileSync('ps', ['-o', 'time=,rss=', '-p', String(pid)], { encoding: 'utf8' });
  const [time = '0', kib = '0'] = text.trim().split(/\s+/);
  const cpuS = time.split(':').reduce((sum, part) => sum * 60 + Number(part), 0);
  return { cpuS, rssBytes: Number(kib) * 1024 };
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  if (sorted.length % 2 === 1) return sorted[middle] as number;
  return ((sorted[middle - 1] as number) + (sorted[middle] as number)) / 2;
}
