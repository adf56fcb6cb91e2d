import { execFileSync, spawnSync } from 'node:child_process';
import { statSync } from 'node:fs';

/** The account PostgreSQL runs under; undefined = that of this process. */
export type Account = { uid: number; gid: number } | undefined;

/** PostgreSQL refuses to run as root, so root runs it as one of these. */
const CANDIDATES = ['postgres', 'nobody'];

/**
 * Chooses the account: our own, unless that is root. A cluster keeps the account it was made with.
 *
 * @param cluster the cluster's directory, which may not exist yet
 * @throws Error when this is root and the system has no account to use instead
 */
export function chooseAccount(cluster: string): Account {
  if (process.getuid?.() !== 0) return undefined;
  const owner = ownerOf(cluster);
  if (owner && owner.uid !== 0) return owner;
  for (const name of CANDIDATES) {
    const uid = idOf('-u', name);
    const gid = idOf('-g', name);
    if (uid && gid !== undefined) return { uid, gid };
  }
  throw new Error(
    `PostgreSQL does not run as root, and there is no user ${CANDIDATES.join(' or ')} to run it ` +
      'as. Start as an ordinary user, or create a user "postgres".',
  );
}

/** True when the account can use this file (as a directory: enter it). */
export function canUse(account: Account, path: string): boolean {
  const test = spawnSync('/bin/sh', ['-c', 'test -x "$1"', 'sh', path], {
    cwd: '/',
    timeout: 5_000,
    ...account,
  });
  return test.status === 0;
}

function ownerOf(path: string): Account {
  try {
    const { uid, gid } = statSync(path);
    return { uid, gid };
  } catch {
    return undefined;
  }
}

function idOf(option: string, name: string): number | undefined {
  try {
    const text = execFileSync('id', [option, name], { stdio: ['ignore', 'pipe', 'ignore'] });
    return Number(text.toString().trim());
  } catch {
    return undefined;
  }
}
