import { randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export interface Secrets {
  /** Guards and the collector show it to the controller. */
  readonly guardToken: string;
  /** Of the embedded ClickHouse: pages in a browser can reach loopback too. */
  readonly clickhousePassword: string;
}

/** Made once and kept, each in a file readable by its owner only; the environment goes before. */
export function readSecrets(dataDir: string, env: NodeJS.ProcessEnv): Secrets {
  mkdirSync(dataDir, { recursive: true });
  return {
    guardToken: env.FLYBALL_GUARD_TOKEN || keep(join(dataDir, 'guard-token')),
    clickhousePassword:
      env.FLYBALL_CLICKHOUSE_PASSWORD || keep(join(dataDir, 'clickhouse-password')),
  };
}

function keep(file: string): string {
  try {
    const kept = readFileSync(file, 'utf8').trim();
    if (kept !== '') return kept;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
  const secret = randomBytes(32).toString('base64url');
  writeFileSync(file, `${secret}\n`, { mode: 0o600 });
  return secret;
}
