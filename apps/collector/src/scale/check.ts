import type { HealthCheck } from '../self/health.ts';

/** The name under which everything is told that is wrong with other members. */
export const CLUSTER_CHECK = 'cluster';

/** Fails with all that is wrong; not critical, since each member goes on by itself. */
export function clusterCheck(...troubles: (() => string | undefined)[]): HealthCheck {
  return {
    name: CLUSTER_CHECK,
    critical: false,
    run: async () => {
      const told = troubles.map((trouble) => trouble()).filter((text) => text !== undefined);
      if (told.length > 0) throw new Error(told.join('; '));
    },
  };
}
