/**
 * What coordination has to preserve, checked from evidence.
 *
 *     DISCOVERY     every registered instance is routable within its lease's grace time
 *     CONSISTENCY   all instances run one configuration
 *     RESILIENCE    the failure ratio of an edge above its threshold implies its circuit is open
 *     EFFICIENCY    the load of every instance is within a threshold of the mean
 *     COORDINATION  discoverable, and the other three hold
 *
 * A violation carries the evidence it was seen in. The weakest fact decides: an invariant holds
 * only when every living fact about it is usable. When one is too old, or no possible figure, and
 * the others show no violation, it is unknown, which is neither. Facts whose life is over are of
 * what is gone, and count no more. COORDINATION is violated if one part is, else unknown if one
 * part is.
 *
 * Source: the mission's table, row 15.
 */
import { requireAtLeastZero, requirePositive, requireRatio, requireThat } from '../config.ts';
import type { Evidence } from '../evidence/evidence.ts';
import { isUsable, validUntilMs } from '../evidence/life.ts';
import { writeNumber } from '../explain.ts';
import { isMeasure, mean } from '../numbers.ts';

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

/** COORDINATION first, then its parts. Throws a ConfigError for options that make no sense. */
export function checkInvariants(
  inputs: InvariantInputs,
  options: InvariantOptions,
): readonly InvariantVerdict[] {
  const settings = settingsOf(options);
  const parts = [
    discovery(inputs, settings),
    consistency(inputs, settings),
    resilience(inputs, settings),
    efficiency(inputs, settings),
  ];
  return [coordination(parts), ...parts];
}

function settingsOf(options: InvariantOptions): Settings {
  const settings: Settings = {
    evidenceMaxAgeMs: 30_000,
    routableWithinMs: 30_000,
    failureRatio: 0.5,
    minCalls: 10,
    loadDistance: 0.2,
    ...options,
  };
  requireThat(Number.isFinite(settings.nowMs), 'nowMs', settings.nowMs, 'a time');
  requirePositive('evidenceMaxAgeMs', settings.evidenceMaxAgeMs);
  requireAtLeastZero('routableWithinMs', settings.routableWithinMs);
  requireRatio('failureRatio', settings.failureRatio);
  requirePositive('minCalls', settings.minCalls);
  requireAtLeastZero('loadDistance', settings.loadDistance);
  return settings;
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
  const over = inputs.registrations.every((fact) => isOver(fact, settings));
  if (over && inputs.registrations.length > 0) {
    const text = 'No registration is alive any more.';
    return violation('DISCOVERY', [text], inputs.registrations);
  }
  const { usable, blind } = sift(
    inputs.registrations,
    settings,
    ({ sinceMs }) => Number.isFinite(sinceMs),
    true,
  );
  if (!isUsable(routable, settings.nowMs, settings.evidenceMaxAgeMs)) {
    return unknown('DISCOVERY');
  }
  const missing = usable.filter(
    ({ scope, value }) =>
      !routable.value.includes(scope.instance ?? '') &&
      settings.nowMs - value.sinceMs > settings.routableWithinMs,
  );
  return verdict('DISCOVERY', {
    violations: missing.map(
      ({ scope }) => `Instance ${scope.instance} is registered but not routable.`,
    ),
    evidence: [...missing, ...(missing.length > 0 ? [routable] : [])],
    known: usable.length > 0 && !blind,
  });
}

function consistency(inputs: InvariantInputs, settings: Settings): InvariantVerdict {
  const { usable, blind } = sift(inputs.configHashes, settings, (hash) => hash !== '', true);
  const counts = new Map<string, number>();
  for (const { value } of usable) {
    counts.set(value, (counts.get(value) ?? 0) + 1);
  }
  const [first, second] = [...counts.entries()].toSorted((a, b) => b[1] - a[1]);
  // When as many run the one as the other nobody can say which of them drifted.
  const even = first !== undefined && first[1] === second?.[1];
  const drifted = even ? usable : usable.filter(({ value }) => value !== first?.[0]);
  const others = even ? 'others another version' : `most others ${first?.[0]}`;
  return verdict('CONSISTENCY', {
    violations: drifted.map(
      ({ scope, value }) => `Instance ${scope.instance} runs ${value}, ${others}.`,
    ),
    evidence: drifted,
    known: usable.length > 0 && !blind,
  });
}

function resilience(inputs: InvariantInputs, settings: Settings): InvariantVerdict {
  const possible = ({ calls, failureRatio }: EdgeState) =>
    isMeasure(calls) && isMeasure(failureRatio) && failureRatio <= 1;
  const { usable, blind } = sift(inputs.edges, settings, possible, false);
  const judged = usable.filter(({ value }) => value.calls >= settings.minCalls);
  const exposed = judged.filter(
    ({ value }) =>
      value.failureRatio > settings.failureRatio &&
      (value.circuit === 'closed' || value.circuit === 'none'),
  );
  return verdict('RESILIENCE', {
    violations: exposed.map(({ value }) => {
      const share = `${writeNumber(value.failureRatio * 100)} %`;
      const circuit = value.circuit === 'none' ? 'there is no breaker' : 'its circuit is closed';
      return `${share} of the calls to ${value.callee} fail and ${circuit}.`;
    }),
    evidence: exposed,
    known: judged.length > 0 && !blind,
  });
}

function efficiency(inputs: InvariantInputs, settings: Settings): InvariantVerdict {
  const { usable, blind } = sift(inputs.loads, settings, isMeasure, true);
  const average = usable.length > 0 ? mean(usable.map(({ value }) => value)) : 0;
  const uneven = usable.filter(
    ({ value }) => Math.abs(value - average) > settings.loadDistance * average,
  );
  return verdict('EFFICIENCY', {
    violations: uneven.map(
      ({ scope, value }) =>
        `Instance ${scope.instance} has ${writeNumber(value / average)} times the mean load.`,
    ),
    evidence: uneven,
    known: average > 0 && !blind,
  });
}

/** The facts one may judge by, and whether a living one is not among them. */
function sift<T>(
  facts: readonly Evidence<T>[],
  settings: Settings,
  isPossible: (value: T) => boolean,
  ofInstances: boolean,
): { readonly usable: readonly Evidence<T>[]; readonly blind: boolean } {
  const alive = facts.filter((fact) => !isOver(fact, settings));
  const usable = alive.filter(
    (fact) =>
      isUsable(fact, settings.nowMs, settings.evidenceMaxAgeMs) &&
      isPossible(fact.value) &&
      (!ofInstances || fact.scope.instance !== undefined),
  );
  return { usable, blind: usable.length < alive.length };
}

function isOver(fact: Evidence<unknown>, settings: Settings): boolean {
  return fact.stage.kind === 'expired' || settings.nowMs > validUntilMs(fact);
}

function verdict(
  invariant: InvariantName,
  seen: {
    readonly violations: readonly string[];
    readonly evidence: readonly InvariantEvidence[];
    /** Everything about it was seen. */
    readonly known: boolean;
  },
): InvariantVerdict {
  if (seen.violations.length > 0) {
    return violation(invariant, seen.violations, seen.evidence);
  }
  return seen.known
    ? { invariant, status: 'holds', violations: [], evidence: [] }
    : unknown(invariant);
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
