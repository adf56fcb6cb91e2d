import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** A process as it can be recognised later: ids are reused, an id with its start time is not. */
export interface ProcessIdentity {
  pid: number;
  /** Opaque start time; '' where the system does not tell. */
  startedAt: string;
}

/** True when a process with this id exists, also when it belongs to another user. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return !isZombie(pid);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** This process, as {@link sameProcess} will recognise it. */
export function selfIdentity(): ProcessIdentity {
  return { pid: process.pid, startedAt: startTimeOf(process.pid) };
}

/** True when the process that wrote `identity` still runs. */
export function sameProcess(identity: ProcessIdentity): boolean {
  if (!isAlive(identity.pid)) return false;
  const now = startTimeOf(identity.pid);
  return identity.startedAt === '' || now === '' || now === identity.startedAt;
}

function startTimeOf(pid: number): string {
  const fields = linuxStat(pid);
  if (fields) return fields[19] ?? '';
  try {
    return execFileSync('ps', ['-o', 'lstart=', '-p', String(pid)], { timeout: 2_000 })
      .toString()
      .trim();
  } catch {
    return '';
  }
}

function isZombie(pid: number): boolean {
  return linuxStat(pid)?.[0] === 'Z';
}

/** Fields of /proc/PID/stat from the state on (the command before them may hold spaces). */
function linuxStat(pid: number): string[] | undefined {
  if (process.platform !== 'linux') return undefined;
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return text.slice(text.lastIndexOf(')') + 2).split(' ');
  } catch {
    return undefined;
  }
}
