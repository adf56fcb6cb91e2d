import type { Evidence } from '@flyball/contract';
import { errorRatio, unitOf } from '../orient/signals.ts';
import type { DraftInput } from './draft.ts';
import { formatSignal } from './sentences.ts';

/** The facts a decision rests on, frozen with it. */
export function evidenceFor(input: DraftInput): Evidence[] {
  const { assessment, decision, snapshot } = input;
  const { policy, view, guards } = assessment;
  const facts: Evidence[] = [];
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
      freshness: 'fresh',
      source: more.source,
      exampleTraceIds: [...input.exampleTraceIds],
    });
  };
  const signal = policy.loops.replicas?.law.pid.signal;
  if (decision.loop === 'replicas' && signal !== undefined) {
    const unit = unitOf(signal);
    const atMs = snapshot.atMs - (decision.evidenceAgeMs ?? 0);
    const threshold = thresholdText(input, unit);
    add(signal, decision.measured, unit, { atMs, source: 'gauge', threshold });
  }
  const red = view?.red;
  if (red) {
    const seen = { atMs: red.newestMs, source: 'collector/red' };
    const p99 = policy.objectives.latency?.p99;
    add('latency.p99', red.p99Ms, 'ms', {
      ...seen,
      ...(p99 === undefined ? {} : { threshold: `objective ${p99} ms` }),
    });
    add('errors.ratio', errorRatio(red), 'ratio', seen);
    add('requests.rate', (red.requests / red.windowMs) * 1000, 'requests/s', seen);
  }
  if (guards?.traffic) {
    add('rejected.ratio', guards.traffic.rejectRatio, 'ratio', {
      atMs: guards.newestMs,
      source: 'guard',
    });
  }
  return facts;
}

function thresholdText({ assessment }: DraftInput, unit: string): string {
  const loop = assessment.policy.loops.replicas;
  const setpoint = `setpoint ${formatSignal(loop?.law.pid.setpoint ?? 0, unit)}`;
  const band = loop?.hysteresis;
  if (band === undefined) return setpoint;
  const [up, down] = [formatSignal(band.up, unit), formatSignal(band.down, unit)];
  return `${setpoint}, up above ${up}, down below ${down}`;
}
