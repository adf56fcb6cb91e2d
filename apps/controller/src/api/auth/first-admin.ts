import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Inject, Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import type pg from 'pg';
import type { Config } from '../../config.ts';
import type { Logger } from '../../platform/logger.ts';
import { Stores } from '../../platform/stores.ts';
import { CONFIG, LOGGER, PG_POOL } from '../../platform/tokens.ts';
import { allUsers, createSignInLink, insertUser, userByName } from './users.repository.ts';

const USERNAME = 'admin';

/**
 * Where nobody can sign in yet, there is an admin and a one-time link to become one. The link is
 * left in `first-sign-in.json` in the data directory, readable by its owner only, for whoever
 * started Flyball; it goes when a password has been chosen. A restart renews a lost link.
 */
@Injectable()
export class FirstAdmin implements OnApplicationBootstrap {
  constructor(
    @Inject(PG_POOL) private readonly pool: pg.Pool,
    @Inject(Stores) private readonly stores: Stores,
    @Inject(CONFIG) private readonly config: Config,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  onApplicationBootstrap(): void {
    this.stores.ready
      .then(() => this.#offer())
      .catch((error: unknown) =>
        this.logger.error({ error }, 'could not prepare the first sign-in'),
      );
  }

  /** Somebody has a password now: the link's file has done its work. */
  async signedIn(): Promise<void> {
    await rm(this.#file(), { force: true });
  }

  async #offer(): Promise<void> {
    const users = await allUsers(this.pool);
    if (users.some((user) => user.role === 'admin' && user.passwordHash !== null)) {
      await this.signedIn();
      return;
    }
    const inserted = await insertUser(this.pool, USERNAME, 'admin');
    const admin = inserted ?? (await userByName(this.pool, USERNAME));
    if (admin === null) return;
    const { path, expiresAtMs } = await createSignInLink(this.pool, admin.id);
    await mkdir(this.config.dataDir, { recursive: true, mode: 0o700 });
    const content = { url_path: path, username: USERNAME, expiresAtMs };
    await writeFile(this.#file(), `${JSON.stringify(content)}\n`, { mode: 0o600 });
    this.logger.info({ file: this.#file() }, 'first sign-in: open the link in this file');
  }

  #file(): string {
    return join(this.config.dataDir, 'first-sign-in.json');
  }
}
