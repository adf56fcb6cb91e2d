import { readdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';

/** Ids and commands of processes whose command line or environment names this directory. */
export function processesOn(directory: string): string[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && name !== String(process.pid))
    .flatMap((pid) => {
      const command = textOf(`/proc/${pid}/cmdline`);
      const names = (command + textOf(`/proc/${pid}/environ`)).includes(directory);
      if (!names || /^State:\s+Z/m.test(textOf(`/proc/${pid}/status`))) return [];
      return [`${pid} ${command.replaceAll('\0', ' ').trim()}`];
    });
}

/** Those of the ports that somebody listens on. */
export async function takenPorts(ports: readonly number[]): Promise<number[]> {
  const checks = ports.map(async (port) => ((await isFree(port)) ? [] : [port]));
  return (await Promise.all(checks)).flat();
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}

/** A process may end while one looks at it. */
function textOf(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
