import { createHash } from 'node:crypto';
import { chmodSync, mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { type Account, canUse, chooseAccount } from './account.ts';

/** Where the cluster lives, and who runs it. */
export interface Place {
  account: Account;
  /** Holds the cluster and, where needed, a copy of the programs. */
  home: string;
  cluster: string;
  /** True when the data directory could not be used and another place was taken. */
  elsewhere: boolean;
}

/** For root whose data directory lies where no other account may go. */
const SYSTEM_HOME = '/var/lib/flyball';

/**
 * The cluster lies in the data directory. Only when root runs us from a place that is closed to
 * other accounts (a private home) does it lie under /var/lib/flyball, with a link to it.
 */
export function choosePlace(dataDirectory: string): Place {
  mkdirSync(dataDirectory, { recursive: true });
  const cluster = join(dataDirectory, 'cluster');
  const account = chooseAccount(cluster);
  if (!account) return { account, home: dataDirectory, cluster, elsewhere: false };
  // The account must be able to walk through, not to list.
  chmodSync(dataDirectory, 0o711);
  if (canUse(account, dataDirectory)) {
    return { account, home: dataDirectory, cluster, elsewhere: false };
  }
  const name = createHash('sha256').update(dataDirectory).digest('hex').slice(0, 16);
  const home = join(SYSTEM_HOME, name);
  mkdirSync(home, { recursive: true, mode: 0o711 });
  chmodSync(SYSTEM_HOME, 0o711);
  chmodSync(home, 0o711);
  linkTo(home, join(dataDirectory, 'elsewhere'));
  const there = join(home, 'cluster');
  return { account: chooseAccount(there), home, cluster: there, elsewhere: true };
}

function linkTo(target: string, link: string): void {
  try {
    symlinkSync(target, link);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
}
