import { formatPolicyError, type PolicyError } from '@flyball/contract';
import { inTransaction } from '@flyball/store';
import { Inject, Injectable } from '@nestjs/common';
import type pg from 'pg';
import { AuditService } from '../audit/audit.service.ts';
import type { Config } from '../config.ts';
import type { Logger } from '../platform/logger.ts';
import { CONFIG, LOGGER, PG_POOL } from '../platform/tokens.ts';
import { type LoadedPolicy, NO_POLICIES, type PolicySet, readPolicies } from './policy-files.ts';

/** The policies in force: read from files again and again, every version kept. */
@Injectable()
export class Policies {
  #set: PolicySet = NO_POLICIES;
  #told = '';
  readonly #stored = new Map<string, string>();

  constructor(
    @Inject(CONFIG) private readonly config: Config,
    @Inject(PG_POOL) private readonly pool: pg.Pool,
    @Inject(AuditService) private readonly audit: AuditService,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  current(): readonly LoadedPolicy[] {
    return this.#set.policies;
  }

  errors(): readonly PolicyError[] {
    return this.#set.errors;
  }

  /** Reads the files. Cheap when nothing changed; the old version stays on any fault. */
  async refresh(): Promise<void> {
    this.#set = await readPolicies(this.config.policiesDir, process.env, this.#set);
    const errors = this.#set.errors.map(formatPolicyError);
    const told = errors.join('\n');
    if (told !== this.#told) {
      for (const error of errors) this.logger.error({ error }, 'policy refused');
      if (told === '') this.logger.info('all policies are in order again');
      this.#told = told;
    }
  }

  /** Keeps versions that are new. Only the leader does this. */
  async store(): Promise<void> {
    for (const loaded of this.#set.policies) {
      const { name } = loaded.policy;
      if (this.#stored.get(name) === loaded.hash) continue;
      const version = await this.#storeOne(loaded);
      this.#stored.set(name, loaded.hash);
      if (version !== null) this.logger.info({ policy: name, version }, 'policy in force');
    }
  }

  /** The new version's number; null when this text is the newest version already. */
  async #storeOne({ policy, file, text, hash }: LoadedPolicy): Promise<number | null> {
    return inTransaction(this.pool, async (client) => {
      await client.query('SELECT pg_advisory_xact_lock(hashtext($1))', [`policy:${policy.name}`]);
      const { rows } = await client.query<{ version: number; hash: string }>(
        'SELECT version, hash FROM policy_version WHERE name = $1 ORDER BY version DESC LIMIT 1',
        [policy.name],
      );
      if (rows[0]?.hash === hash) return null;
      const version = (rows[0]?.version ?? 0) + 1;
      await client.query(
        `INSERT INTO policy_version (name, version, source, content, hash, author)
         VALUES ($1, $2, $3, $4, $5, $6)`,
        [policy.name, version, file, text, hash, 'file'],
      );
      await client.query(
        `INSERT INTO policy (name, service, version) VALUES ($1, $2, $3)
         ON CONFLICT (name) DO UPDATE SET service = $2, version = $3, updated_at = now()`,
        [policy.name, policy.service, version],
      );
      await this.audit.recordIn(client, {
        actor: `controller:${this.config.instanceId}`,
        action: 'policy.load',
        subject: policy.name,
        detail: `version ${version} from ${file}`,
      });
      return version;
    });
  }
}
