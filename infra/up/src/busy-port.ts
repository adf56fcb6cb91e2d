import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { createServer } from 'node:net';

/** Whether nobody listens there. */
export function isFree(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once('error', () => resolve(false));
    probe.listen({ host, port, exclusive: true }, () => probe.close(() => resolve(true)));
  });
}

/** Who listens on a port, as far as the system tells: `node server.js (process 4711)`. */
export function holderOf(port: number): string | null {
  if (process.platform !== 'linux') return holderByLsof(port);
  const inodes = listeningInodes(port);
  if (inodes.size === 0) return null;
  for (const pid of numericNames('/proc')) {
    for (const fd of numericNames(`/proc/${pid}/fd`)) {
      if (inodes.has(linkOf(`/proc/${pid}/fd/${fd}`))) return `${commandOf(pid)} (process ${pid})`;
    }
  }
  return 'a process of another user';
}

function holderByLsof(port: number): string | null {
  try {
    const options = ['-nP', `-iTCP:${port}`, '-sTCP:LISTEN', '-Fpc'];
    const text = execFileSync('lsof', options, { timeout: 5_000 }).toString();
    const [, pid = '', , command = ''] = /^p(\d+)\n(f.*\n)?c(.*)$/m.exec(text) ?? [];
    return pid === '' ? null : `${command} (process ${pid})`;
  } catch {
    return null;
  }
}

const LISTEN = '0A';

function listeningInodes(port: number): Set<string> {
  const wanted = port.toString(16).toUpperCase().padStart(4, '0');
  const lines = ['/proc/net/tcp', '/proc/net/tcp6'].flatMap((file) => textOf(file).split('\n'));
  const inodes = lines
    .map((line) => line.trim().split(/\s+/))
    .filter(([, local, , state]) => local?.endsWith(`:${wanted}`) && state === LISTEN)
    .map((fields) => `socket:[${fields[9]}]`);
  return new Set(inodes);
}

function numericNames(directory: string): string[] {
  try {
    return readdirSync(directory).filter((name) => /^\d+$/.test(name));
  } catch {
    return [];
  }
}

function linkOf(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return '';
  }
}

function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

function commandOf(pid: string): string {
  const command = textOf(`/proc/${pid}/cmdline`).split('\0').filter(Boolean).join(' ');
  return command.slice(0, 80) || textOf(`/proc/${pid}/comm`).trim() || 'somebody';
}
