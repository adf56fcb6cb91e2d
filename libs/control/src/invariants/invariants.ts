/**
 * What coordination has to preserve, checked from evidence.
 *
 *     DISCOVERY     every registered instance is routable within its lease's grace time
 *     CONSISTENCY   all instances run one configuration
 *     RESILIENCE    the failure ratio of an edge above its threshold implies its circuit is open
 *     EFFICIENCY    the load of every instance is within a threshold of the mean
 *     COORDINATION  discoverable, and the other three hold
 *
 * A violation carries the evidence it was seen in; without usable evidence an invariant is
 * unknown, which is neither. COORDINATION is violated if one part is, else unknown if one part is.
 *
 * Source: the mission's table, row 15.
 */
import type { Evidence } from '../evidence/evidence.ts';
import { isUsable, validUntilMs } from '../evidence/life.ts';
import { writeNumber } from '../explain.ts';
import { mean } from '../numbers.ts';

export interface EdgeState {
  readonly callee: string;
  readonly calls: number;
  /** Failed over all calls, 0 to 1. */
  readonly failureRatio: number;
  /** none: there is no breaker on this edge. */
  readonly circuit: 'closed' | 'half-open' | 'open' | 'none';
}

/** Facts about one service. Those about an instance name it in their scope. */
export interface InvariantInputs {
  /** One per instance: registered since. */
  readonly registrations: readonly Evidence<{ readonly sinceMs: number }>[];
  /** Instances that clients route to; null: not known. */
  readonly routable: Evidence<readonly string[]> | null;
  /** One per instance: hash of the configuration in force. */
  readonly configHashes: readonly Evidence<string>[];
  /** One per edge to a callee. */
  readonly edges: readonly Evidence<EdgeState>[];
  /** One per instance, in any one unit. */
  readonly loads: readonly Evidence<number>[];
}

export interface InvariantOptions {
  readonly nowMs: number;
  /** Default 30 s. */
  readonly evidenceMaxAgeMs?: number;
  /** Time a new registration has to become routable. Default 30 s. */
  readonly routableWithinMs?: number;
  /** Default 0.5. */
  readonly failureRatio?: number;
  /** Calls an edge needs to be judged. Default 10: the window of a breaker. */
  readonly minCalls?: number;
  /** Largest distance of a load from the mean, as a share of it. Default 0.2. */
  readonly loadDistance?: number;
}

export type InvariantName =
  | 'COORDINATION'
  | 'DISCOVERY'
  | 'CONSISTENCY'
  | 'RESILIENCE'
  | 'EFFICIENCY';

type FactOf<List> = List extends readonly (infer Each)[] ? Each : never;
export type InvariantEvidence =
  | FactOf<InvariantInputs['registrations']>
  | NonNullable<InvariantInputs['routable']>
  | FactOf<InvariantInputs['configHashes']>
  | FactOf<InvariantInputs['edges']>
  | FactOf<InvariantInputs['loads']>;

export interface InvariantVerdict {
  readonly invariant: InvariantName;
  readonly status: 'holds' | 'violated' | 'unknown';
  /** What is violated, in plain sentences; empty when it holds. */
  readonly violations: readonly string[];
  readonly evidence: readonly InvariantEvidence[];
}

type Settings = Required<InvariantOptions>;

/** COORDINATION first, then its parts. */
export function checkInvariants(
  inputs: InvariantInputs,
  options: InvariantOptions,
): readonly InvariantVerdict[] {
  const settings: Settings = {
    evidenceMaxAgeMs: 30_000,
    routableWithinMs: 30_000,
    failureRatio: 0.5,
    minCalls: 10,
    loadDistance: 0.2,
    ...options,
  };
  const parts = [
    discovery(inputs, settings),
    consistency(inputs, settings),
    resilience(inputs, settings),
    efficiency(inputs, settings),
  ];
  return [coordination(parts), ...parts];
}

function coordination(parts: readonly InvariantVerdict[]): InvariantVerdict {
  const violated = parts.filter((part) => part.status === 'violated');
  const unknown = parts.some((part) => part.status === 'unknown');
  return {
    invariant: 'COORDINATION',
    status: violated.length > 0 ? 'violated' : unknown ? 'unknown' : 'holds',
    violations: violated.flatMap((part) => part.violations),
    evidence: violated.flatMap((part) => part.evidence),
  };
}

function discovery(inputs: InvariantInputs, settings: Settings): InvariantVerdict {
  const { routable } = inputs;
  const registered = usable(inputs.registrations, settings);
  const over = inputs.registrations.every((fact) => settings.nowMs > validUntilMs(fact));
  if (over && inputs.registrations.length > 0) {
    const text = 'No registration is alive any more.';
    return violation('DISCOVERY', [text], inputs.registrations);
  }
  if (registered.length === 0 || !isUsable(routable, settings.nowMs, settings.evidenceMaxAgeMs)) {
    return unknown('DISCOVERY');
  }
  const missing = registered.filter(
    ({ scope, value }) =>
      !routable.value.includes(scope.instance ?? '') &&
      settings.nowMs - value.sinceMs > settings.routableWithinMs,
  );
  return verdict(
    'DISCOVERY',
    missing.map(({ scope }) => `Instance ${scope.instance} is registered but not routable.`),
    [...missing, ...(missing.length > 0 ? [routable] : [])],
  );
}

function consistency(inputs: InvariantInputs, settings: Settings): InvariantVerdict {
  const hashes = usable(inputs.configHashes, settings);
  if (hashes.length === 0) {
    return unknown('CONSISTENCY');
  }
  const counts = new Map<string, number>();
  for (const { value } of hashes) {
    counts.set(value, (counts.get(value) ?? 0) + 1);
  }
  const [usual = ''] = [...counts.entries()].toSorted((a, b) => b[1] - a[1])[0] ?? [];
  const drifted = hashes.filter(({ value }) => value !== usual);
  return verdict(
    'CONSISTENCY',
    drifted.map(
      ({ scope, value }) => `Instance ${scope.instance} runs ${value}, most others ${usual}.`,
    ),
    drifted,
  );
}

function resilience(inputs: InvariantInputs, settings: Settings): InvariantVerdict {
  const edges = usable(inputs.edges, settings).filter(
    ({ value }) => value.calls >= settings.minCalls,
  );
  if (edges.length === 0) {
    return unknown('RESILIENCE');
  }
  const exposed = edges.filter(
    ({ value }) =>
      value.failureRatio > settings.failureRatio &&
      (value.circuit === 'closed' || value.circuit === 'none'),
  );
  return verdict(
    'RESILIENCE',
    exposed.map(({ value }) => {
      const share = `${writeNumber(value.failureRatio * 100)} %`;
      const circuit = value.circuit === 'none' ? 'there is no breaker' : 'its circuit is closed';
      return `${share} of the calls to ${value.callee} fail and ${circuit}.`;
    }),
    exposed,
  );
}

function efficiency(inputs: InvariantInputs, settings: Settings): InvariantVerdict {
  const loads = usable(inputs.loads, settings);
  const average = loads.length > 0 ? mean(loads.map(({ value }) => value)) : 0;
  if (average <= 0) {
    return unknown('EFFICIENCY');
  }
  const uneven = loads.filter(
    ({ value }) => Math.abs(value - average) > settings.loadDistance * average,
  );
  return verdict(
    'EFFICIENCY',
    uneven.map(
      ({ scope, value }) =>
        `Instance ${scope.instance} has ${writeNumber(value / average)} times the mean load.`,
    ),
    uneven,
  );
}

function usable<T>(facts: readonly Evidence<T>[], settings: Settings): readonly Evidence<T>[] {
  return facts.filter((fact) => isUsable(fact, settings.nowMs, settings.evidenceMaxAgeMs));
}

function verdict(
  invariant: InvariantName,
  violations: readonly string[],
  evidence: readonly InvariantEvidence[],
): InvariantVerdict {
  return violations.length === 0
    ? { invariant, status: 'holds', violations: [], evidence: [] }
    : violation(invariant, violations, evidence);
}

function violation(
  invariant: InvariantName,
  violations: readonly string[],
  evidence: readonly InvariantEvidence[],
): InvariantVerdict {
  return { invariant, status: 'violated', violations, evidence };
}

function unknown(invariant: InvariantName): InvariantVerdict {
  return { invariant, status: 'unknown', violations: [], evidence: [] };
}
