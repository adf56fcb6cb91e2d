import { randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export interface Secrets {
  /** Guards and the collector show it to the controller. */
  readonly guardToken: string;
}

/** Made once and kept, readable by its owner only. */
export function readSecrets(dataDir: string, env: NodeJS.ProcessEnv): Secrets {
  const given = env.FLYBALL_GUARD_TOKEN;
  if (given) return { guardToken: given };
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  const file = join(dataDir, 'guard-token');
  try {
    return { guardToken: readFileSync(file, 'utf8').trim() };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
  const guardToken = randomBytes(32).toString('base64url');
  writeFileSync(file, `${guardToken}\n`, { mode: 0o600, flag: 'wx' });
  return { guardToken };
}
