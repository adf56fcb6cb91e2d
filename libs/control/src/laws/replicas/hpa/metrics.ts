/**
 * How many replicas one metric asks for, and how several are put together, as the HPA does it.
 *
 *     resource      used = whole percent of the requests,  ratio = used / target
 *     plain         used = whole mean of the samples,      ratio = used / target
 *     Value         ratio = usage / target                 (object and external)
 *     AverageValue  ratio = usage / (target x replicas),   replicas = ceil(usage / target)
 *
 *     1 - down <= ratio <= 1 + up      the present count
 *     otherwise                        ceil(ratio x ready)
 *
 * With missing samples, or unready pods on the way up, the ratio is taken a second time: a missing
 * pod counts as using its share of max(100 %, target) (plain: the target) on the way down and
 * nothing on the way up, an unready pod nothing on the way up; a first ratio of exactly 1 assumes
 * nothing. A second ratio within the tolerance, or across 1, or a count that would move the other
 * way: the present count.
 *
 * Where this differs from Kubernetes on purpose: negative figures are refused (there a negative
 * sum with AverageValue comes out as the largest integer).
 *
 * Source: kubernetes, pkg/controller/podautoscaler: replica_calculator.go and
 * metrics/utilization.go, and computeReplicasForMetrics in horizontal.go (v1.36).
 */
import { isMeasure } from '../../../numbers.ts';
import { groupPods, type HpaPod, type HpaPodRules, type HpaSamples } from './pods.ts';

/** Shares around the ratio 1 in which nothing moves. */
export interface HpaTolerance {
  readonly up: number;
  readonly down: number;
}

/** Why a metric says nothing. */
export type HpaInvalid = 'no-pods' | 'no-samples' | 'no-request' | 'unknown-pods' | 'impossible';

export type HpaProposal =
  | {
      readonly kind: 'replicas';
      readonly replicas: number;
      /** What the first ratio was taken of: percent, mean, or the metric itself. */
      readonly used: number;
      readonly ratio: number;
      /** The same after missing and unready pods were assumed; null: nothing was. */
      readonly assumed: number | null;
    }
  | { readonly kind: 'invalid'; readonly why: HpaInvalid };

const MAX_INT32 = 2_147_483_647;

/** Sums over pods. `requests` is what usage is divided by: milli-units, or pods. */
export interface HpaTotals {
  readonly usage: number;
  readonly requests: number;
  /** Samples counted, those of unknown pods included. */
  readonly samples: number;
  readonly ready: number;
  readonly unready: number;
  readonly unreadyRequests: number;
  readonly missing: number;
  readonly missingRequests: number;
  /** What the missing are assumed to use on the way down. */
  readonly missingUsage: number;
}

interface Asked {
  readonly current: number;
  readonly target: number;
  readonly tolerance: HpaTolerance;
}

export interface HpaPodsAsked extends Asked, HpaPodRules {
  readonly pods: readonly HpaPod[];
  readonly samples: HpaSamples;
}

export function isWithinTolerance(ratio: number, tolerance: HpaTolerance): boolean {
  return 1 - tolerance.down <= ratio && ratio <= 1 + tolerance.up;
}

/** Target is a whole percentage of the request. */
export function resourceReplicas(asked: HpaPodsAsked): HpaProposal {
  const sorted = sampled(asked);
  if (sorted.kind === 'invalid') {
    return sorted;
  }
  const requests = new Map<string, number>();
  for (const pod of asked.pods) {
    if (pod.requestMilli === undefined || pod.requestMilli === null) {
      return { kind: 'invalid', why: 'no-request' };
    }
    requests.set(pod.name, pod.requestMilli);
  }
  const { groups, samples } = sorted;
  const fallback = Math.max(100, asked.target);
  let usage = 0;
  let requested = 0;
  for (const [name, valueMilli] of samples) {
    const request = requests.get(name);
    if (request !== undefined) {
      usage += valueMilli;
      requested += request;
    }
  }
  const requestOf = (name: string): number => requests.get(name) ?? 0;
  const totals: HpaTotals = {
    usage,
    requests: requested,
    samples: samples.size,
    ready: groups.ready,
    unready: groups.unready.size,
    unreadyRequests: sumOf(groups.unready, requestOf),
    missing: groups.missing.size,
    missingRequests: sumOf(groups.missing, requestOf),
    missingUsage: sumOf(groups.missing, (name) => Math.trunc((requestOf(name) * fallback) / 100)),
  };
  return utilizationReplicas(totals, asked);
}

/** The resource metric from sums: usage over requests in whole percent. */
export function utilizationReplicas(totals: HpaTotals, asked: Asked): HpaProposal {
  return propose(totals, asked, 100);
}

/** Target is a mean of the samples, in thousandths: pods metrics and raw resources. */
export function plainReplicas(asked: HpaPodsAsked): HpaProposal {
  const sorted = sampled(asked);
  if (sorted.kind === 'invalid') {
    return sorted;
  }
  const { groups, samples } = sorted;
  const missing = groups.missing.size;
  const totals: HpaTotals = {
    usage: sumOf(samples.keys(), (name) => samples.get(name) ?? 0),
    requests: samples.size,
    samples: samples.size,
    ready: groups.ready,
    unready: groups.unready.size,
    unreadyRequests: groups.unready.size,
    missing,
    missingRequests: missing,
    missingUsage: missing * asked.target,
  };
  return propose(totals, asked, 1);
}

export interface HpaValueAsked extends Asked {
  /** The metric itself; of an external metric the sum of its series. Any unit, as the target. */
  readonly usage: number;
}

/** Object or external metric with a Value target: multiplies by the pods that are ready now. */
export function valueReplicas(asked: HpaValueAsked & { readonly ready: number }): HpaProposal {
  const { current, target, tolerance, usage, ready } = asked;
  if (!isMeasure(usage)) {
    return { kind: 'invalid', why: 'impossible' };
  }
  const ratio = usage / target;
  const counted = { kind: 'replicas', used: usage, ratio, assumed: null } as const;
  if (current === 0) {
    return { ...counted, replicas: whole(ratio) };
  }
  const replicas = isWithinTolerance(ratio, tolerance) ? current : whole(ratio * ready);
  return { ...counted, replicas };
}

/** Object or external metric with an AverageValue target: `replicas` is what the platform has. */
export function averageValueReplicas(
  asked: Omit<HpaValueAsked, 'current'> & { readonly replicas: number },
): HpaProposal {
  const { replicas, target, tolerance, usage } = asked;
  if (!isMeasure(usage)) {
    return { kind: 'invalid', why: 'impossible' };
  }
  const ratio = usage / (target * replicas);
  return {
    kind: 'replicas',
    replicas: isWithinTolerance(ratio, tolerance) ? replicas : whole(usage / target),
    used: usage,
    ratio,
    assumed: null,
  };
}

export type HpaCombined =
  /** `index` of the metric that asked for the most. */
  | { readonly kind: 'desired'; readonly replicas: number; readonly index: number }
  /** Some metrics are invalid and the others ask for less than there is: nothing is taken away. */
  | { readonly kind: 'no-scale-down'; readonly replicas: number; readonly index: number }
  | { readonly kind: 'invalid'; readonly why: HpaInvalid };

/** The most any metric asks for. */
export function combineProposals(current: number, proposals: readonly HpaProposal[]): HpaCombined {
  let replicas = 0;
  let index = -1;
  let invalid: HpaInvalid | null = null;
  for (const [at, proposal] of proposals.entries()) {
    if (proposal.kind === 'invalid') {
      invalid ??= proposal.why;
    } else if (replicas === 0 || proposal.replicas > replicas) {
      replicas = proposal.replicas;
      index = at;
    }
  }
  if (index < 0) {
    return { kind: 'invalid', why: invalid ?? 'no-samples' };
  }
  const kind = invalid !== null && replicas < current ? 'no-scale-down' : 'desired';
  return { kind, replicas, index };
}

function propose(totals: HpaTotals, asked: Asked, factor: number): HpaProposal {
  if (totals.requests === 0) {
    return { kind: 'invalid', why: 'unknown-pods' };
  }
  const { current, target, tolerance } = asked;
  const used = Math.trunc((totals.usage * factor) / totals.requests);
  const ratio = used / target;
  const upWithUnready = totals.unready > 0 && ratio > 1;
  if (!upWithUnready && totals.missing === 0) {
    const replicas = isWithinTolerance(ratio, tolerance) ? current : whole(ratio * totals.ready);
    return { kind: 'replicas', replicas, used, ratio, assumed: null };
  }
  const counted = withAssumed(totals, ratio, upWithUnready);
  const assumed = Math.trunc((counted.usage * factor) / counted.requests);
  const again = assumed / target;
  const turns = (ratio < 1 && again > 1) || (ratio > 1 && again < 1);
  const wanted = whole(again * counted.samples);
  const wrongWay = (again < 1 && wanted > current) || (again > 1 && wanted < current);
  const holds = isWithinTolerance(again, tolerance) || turns || wrongWay;
  return { kind: 'replicas', replicas: holds ? current : wanted, used, ratio, assumed };
}

function withAssumed(totals: HpaTotals, ratio: number, upWithUnready: boolean) {
  const missing = ratio === 1 ? 0 : totals.missing;
  const unready = upWithUnready ? totals.unready : 0;
  return {
    usage: totals.usage + (ratio < 1 ? totals.missingUsage : 0),
    requests:
      totals.requests +
      (missing > 0 ? totals.missingRequests : 0) +
      (unready > 0 ? totals.unreadyRequests : 0),
    samples: totals.samples + missing + unready,
  };
}

/** Groups the pods and leaves the samples that count, those of unknown pods among them. */
function sampled(asked: HpaPodsAsked) {
  if (asked.pods.length === 0) {
    return { kind: 'invalid', why: 'no-pods' } as const;
  }
  const groups = groupPods(asked.pods, asked.samples, asked);
  const samples = new Map<string, number>();
  for (const [name, sample] of asked.samples) {
    if (!groups.ignored.has(name) && !groups.unready.has(name)) {
      samples.set(name, sample.valueMilli);
    }
  }
  if (samples.size === 0) {
    return { kind: 'invalid', why: 'no-samples' } as const;
  }
  return [...samples.values()].every(isMeasure)
    ? ({ kind: 'sorted', groups, samples } as const)
    : ({ kind: 'invalid', why: 'impossible' } as const);
}

function sumOf(names: Iterable<string>, figure: (name: string) => number): number {
  let sum = 0;
  for (const name of names) {
    sum += figure(name);
  }
  return sum;
}

function whole(replicas: number): number {
  return Math.min(MAX_INT32, Math.ceil(replicas));
}
