import type { Logger } from 'pino';
import type { Environment } from '../config/environment.ts';
import type { CollectorConfig } from '../config/schema.ts';
import type { Member, View } from './lease.port.ts';
import { postgresLeases } from './lease.postgres.ts';
import { Membership } from './membership.ts';

/** What a collector needs to share traces with others. */
export interface ClusterSettings {
  readonly databaseUrl: string;
  readonly token: string;
  readonly cluster: CollectorConfig['cluster'];
  /** The address for others, given the HTTP port that was bound. */
  address(httpPort: number): string;
}

const UNREACHABLE = new Set(['0.0.0.0', '::', '[::]']);

/**
 * The settings when this collector is to share traces; undefined when it is to be alone.
 *
 * @throws when something is missing, saying what
 */
export function clusterSettings(
  environment: Environment,
  { cluster }: CollectorConfig,
): ClusterSettings | undefined {
  const { advertise, databaseUrl, guardToken: token, host } = environment;
  if (!cluster.enabled && advertise === undefined) return undefined;
  const need = (name: string, why: string) =>
    new Error(`collectors that share traces need ${name}: ${why}`);
  if (databaseUrl === undefined) throw need('DATABASE_URL', 'it is where they find each other');
  if (token === undefined) throw need('FLYBALL_GUARD_TOKEN', 'the same for all of them');
  if (advertise === undefined && UNREACHABLE.has(host)) {
    throw need('FLYBALL_COLLECTOR_ADVERTISE', `${host} is no address that others can reach`);
  }
  const address = (httpPort: number) => {
    const url = new URL(advertise ?? `http://${host.includes(':') ? `[${host}]` : host}:0`);
    if (url.port === '0') url.port = String(httpPort);
    return url.origin;
  };
  return { databaseUrl, token, cluster, address };
}

export interface Cluster {
  readonly membership: Membership;
  /** Tells the others and lets go of PostgreSQL, within a second. */
  leave(): Promise<void>;
}

const TICK_MS = 100;
const LEAVE_WITHIN_MS = 1000;

/** Joins the other collectors and tells who shares the traces whenever that changes. */
export function joinCluster(
  { databaseUrl, cluster, address }: ClusterSettings,
  httpPort: number,
  log: Logger,
  changed: (view: View) => void,
): Cluster {
  const self = address(httpPort);
  const leases = postgresLeases(databaseUrl, Math.max(1000, cluster.lease / 3));
  const options = {
    address: self,
    heartbeatMs: cluster.heartbeat,
    leaseMs: cluster.lease,
    keepMs: cluster.keepMembers,
  };
  const others = (members: readonly Member[]) => members.filter((one) => one.address !== self);
  const events = {
    changed: (me: Member, members: readonly Member[]) => {
      log.info({ self, members: members.map((one) => one.address).sort() }, 'members');
      changed({ self: me, others: others(members), reachable: true });
    },
    failed: (error: Error, retryInMs: number) =>
      log.warn({ retryInMs, err: error.message }, 'PostgreSQL does not name the members'),
    alone: (reason: string) => {
      log.error({ self }, reason);
      // Their traces are still theirs: what is decided of them here counts as split.
      const me = { address: self, generation: 0 };
      changed({ self: me, others: others(membership.members), reachable: false });
    },
  };
  const membership = new Membership(leases, options, events, () => performance.now());
  membership.tick();
  const timer = setInterval(() => membership.tick(), TICK_MS);
  return {
    membership,
    async leave() {
      clearInterval(timer);
      const left = membership
        .leave()
        .catch((error: Error) => log.warn({ err: error.message }, 'the lease ends by itself'));
      await Promise.race([left, new Promise((end) => setTimeout(end, LEAVE_WITHIN_MS))]);
      // Waiting for it would hold up the stop.
      leases.close().catch(() => {});
    },
  };
}
