import type { Evidence, ReplicasLoopPolicy } from '@flyball/contract';
import { errorRatio, readSignal, unitOf } from '../orient/signals.ts';
import { replicaSignal } from '../policies/law-configs.ts';
import type { DraftInput } from './draft.ts';
import { formatSignal } from './sentences.ts';

/** The facts a decision rests on, frozen with it. */
export function evidenceFor(input: DraftInput): Evidence[] {
  const { assessment, decision, snapshot } = input;
  const { policy, view, guards } = assessment;
  const facts: Evidence[] = [];
  // The clock of who measured may be ahead: as far from now is as old.
  const isOld = (atMs: number) => Math.abs(snapshot.atMs - atMs) > policy.guards.evidenceMaxAge;
  const add = (
    signal: string,
    value: number | null,
    unit: string,
    more: { readonly atMs: number; readonly source: string; readonly threshold?: string },
  ) => {
    facts.push({
      id: `${policy.service}/${signal}@${snapshot.atMs}`,
      scope: { service: policy.service },
      signal,
      value,
      unit,
      threshold: more.threshold ?? null,
      observedAtMs: Math.round(more.atMs),
      validUntilMs: Math.round(more.atMs + policy.guards.evidenceMaxAge),
      freshness: isOld(more.atMs) ? 'historical' : 'fresh',
      source: more.source,
      exampleTraceIds: [...input.exampleTraceIds],
    });
  };
  const { replicas } = policy.loops;
  // Of what was not seen there is nothing to tell.
  if (decision.loop === 'replicas' && replicas !== undefined && decision.measured !== null) {
    const signal = replicaSignal(policy, replicas);
    const unit = unitOf(signal);
    const oldestMs = snapshot.atMs - (decision.evidenceAgeMs ?? 0);
    const atMs = readSignal(signal, view)?.observedAtMs ?? oldestMs;
    const threshold = thresholdText(replicas, decision, unit);
    add(signal, decision.measured, unit, {
      atMs,
      source: 'gauge',
      ...(threshold === null ? {} : { threshold }),
    });
  }
  const red = view?.red;
  if (red) {
    const counted = { atMs: red.newestMs, source: 'collector/red' };
    const p99 = policy.objectives.latency?.p99;
    add('latency.p99', red.p99Ms, 'ms', {
      ...counted,
      ...(p99 === undefined ? {} : { threshold: `objective ${p99} ms` }),
    });
    add('errors.ratio', errorRatio(red), 'ratio', counted);
    add('requests.rate', (red.requests / red.windowMs) * 1000, 'requests/s', counted);
  }
  if (guards?.traffic) {
    add('rejected.ratio', guards.traffic.rejectRatio, 'ratio', {
      atMs: guards.newestMs,
      source: 'guard',
    });
  }
  return facts;
}

/** Null: the law seeks the level itself. */
function thresholdText(
  { hysteresis }: ReplicasLoopPolicy,
  { setpoint }: DraftInput['decision'],
  unit: string,
): string | null {
  if (setpoint === null) return null;
  const text = `setpoint ${formatSignal(setpoint, unit)}`;
  if (hysteresis === undefined) return text;
  const [up, down] = [formatSignal(hysteresis.up, unit), formatSignal(hysteresis.down, unit)];
  return `${text}, up above ${up}, down below ${down}`;
}
