import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import {
  appendFileSync,
  chownSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';
import type { Place } from './place.ts';
import type { Software } from './software.ts';

export const USER = 'flyball';
export const DATABASE = 'flyball';

const INIT_WITHIN_MS = 120_000;

/** Environment of PostgreSQL's programs: nothing of ours but the path. */
export const CLEAN_ENV: NodeJS.ProcessEnv = {
  PATH: process.env.PATH ?? '/usr/bin:/bin',
  LC_ALL: 'C',
  TZ: 'UTC',
};

/**
 * The password of our user: made at random on the first start, kept readable by us alone.
 *
 * @param dataDirectory where it is kept, in the file `password`
 */
export function keepPassword(dataDirectory: string): string {
  const path = join(dataDirectory, 'password');
  if (existsSync(path)) return readFileSync(path, 'utf8').trim();
  const password = randomBytes(24).toString('base64url');
  const draft = `${path}.new`;
  writeFileSync(draft, `${password}\n`, { mode: 0o600 });
  renameSync(draft, path);
  return password;
}

/**
 * Makes the cluster when there is none. It is made under another name first, so that a start which
 * was interrupted leaves nothing half made.
 *
 * @returns true when it was made now
 * @throws Error with what initdb said
 */
export async function keepCluster(
  place: Place,
  software: Software,
  password: string,
): Promise<boolean> {
  if (existsSync(join(place.cluster, 'PG_VERSION'))) return false;
  // A name of its own: the initdb of an interrupted start may still be writing into the last one.
  const draft = `${place.cluster}.new-${process.pid}`;
  removeOldDrafts(place);
  const passwordFile = join(place.home, 'initial-password');
  rmSync(passwordFile, { force: true });
  mkdirSync(draft, { mode: 0o700 });
  writeFileSync(passwordFile, `${password}\n`, { mode: 0o600 });
  if (place.account) {
    chownSync(draft, place.account.uid, place.account.gid);
    chownSync(passwordFile, place.account.uid, place.account.gid);
  }
  try {
    const options = [
      `--pgdata=${draft}`,
      `--username=${USER}`,
      `--pwfile=${passwordFile}`,
      '--auth=scram-sha-256',
      '--encoding=UTF8',
      '--locale=C',
      '--locale-provider=builtin',
      '--builtin-locale=C.UTF-8',
      '--no-instructions',
    ];
    await promisify(execFile)(software.initdb, options, {
      cwd: draft,
      env: CLEAN_ENV,
      timeout: INIT_WITHIN_MS,
      ...place.account,
    });
  } catch (error) {
    const { stderr = '', message } = error as { stderr?: string; message: string };
    throw new Error(`initdb failed: ${stderr.trim() || message}`, { cause: error });
  } finally {
    rmSync(passwordFile, { force: true });
  }
  // Which addresses are listened on is decided at each start; whoever comes needs the password.
  appendFileSync(join(draft, 'pg_hba.conf'), 'host all all all scram-sha-256\n');
  renameSync(draft, place.cluster);
  return true;
}

function removeOldDrafts(place: Place): void {
  const prefix = `${basename(place.cluster)}.new-`;
  for (const name of readdirSync(place.home)) {
    if (!name.startsWith(prefix)) continue;
    try {
      rmSync(join(place.home, name), { recursive: true, force: true, maxRetries: 3 });
    } catch {
      // Still being written; the next start removes it.
    }
  }
}
