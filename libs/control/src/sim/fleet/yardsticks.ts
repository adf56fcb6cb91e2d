/** Policies that no one can have, to compare with: what perfect sight would do. */
import type { Decision } from '../../decision.ts';
import type { FleetConfig } from './config.ts';
import type { ReplicaPolicy, Truth } from './run.ts';

/** The same number always. */
export function staticFleet(replicas: number): ReplicaPolicy {
  return {
    name: 'static',
    everyMs: 60_000,
    start: () => ({ decide: () => decision(replicas) }),
  };
}

/** Sees the load of this very second, and cost and capacity as they are; nothing of the future. */
export function sharpSighted(utilization: number): ReplicaPolicy {
  return {
    name: 'sharp-sighted',
    everyMs: 5_000,
    start: (truth) => {
      let heldUntilMs = 0;
      return {
        decide: ({ nowMs, applied }) => {
          const need = needAt(truth, nowMs / 1_000, utilization);
          if (need >= applied) heldUntilMs = nowMs + 60_000;
          return decision(need >= applied || nowMs >= heldUntilMs ? need : applied);
        },
      };
    },
  };
}

/** Knows the whole future: orders what will be needed when the order will be ready. */
export function oracle(utilization: number): ReplicaPolicy {
  return {
    name: 'oracle',
    everyMs: 5_000,
    start: (truth) => {
      const { meanMs, spread } = truth.fleet.startup;
      const aheadS = (meanMs * (1 + spread) + truth.fleet.warmup.durationMs) / 1_000 + 5;
      return {
        decide: ({ nowMs }) => {
          let most = 0;
          for (let s = nowMs / 1_000; s <= nowMs / 1_000 + aheadS; s += 1) {
            most = Math.max(most, needAt(truth, s, utilization));
          }
          return decision(most);
        },
      };
    },
  };
}

function needAt({ load, fleet }: Truth, second: number, utilization: number): number {
  const at = Math.min(load.perSecond.length - 1, Math.floor(second));
  const slow = load.slowdown?.[at] ?? 1;
  return Math.ceil(((load.perSecond[at] as number) * slow * replicaSeconds(fleet)) / utilization);
}

/** What one request costs of one average replica's time. */
function replicaSeconds({ service, workersPerReplica, speeds }: FleetConfig): number {
  const slowness = speeds.reduce((sum, speed) => sum + 1 / speed, 0) / speeds.length;
  return (service.meanMs / 1_000 / workersPerReplica) * slowness;
}

function decision(value: number): Decision<number> {
  return { value, reason: 'capacity-need', terms: {} };
}
