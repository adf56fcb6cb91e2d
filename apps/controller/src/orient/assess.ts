import type { Policy } from '@flyball/contract';
import {
  type Backpressure,
  type Evidence,
  loadImbalance,
  type ModeInputs,
  observe,
} from '@flyball/control';
import type { TargetState } from '../act/actuator.port.ts';
import type { ServiceView, Snapshot } from '../observe/snapshot.ts';
import { GUARD_WORD_LIFETIME_MS, type GuardFacts } from './guard-facts.ts';
import { errorRatio, gaugeByInstance, gaugeOf, type Reading, requestsAreSound } from './signals.ts';
import { judgeSlo, type SloVerdict } from './slo.ts';

/** All that is known of one service when its loops decide. */
export interface Assessment {
  readonly policy: Policy;
  readonly view: ServiceView | undefined;
  readonly guards: GuardFacts | null;
  readonly replicas: TargetState | null;
  readonly slo: SloVerdict | null;
  /** How busy its instances are, 0 to 1. */
  readonly saturation: Reading | null;
  readonly inputs: ModeInputs;
}

export interface AssessInput {
  readonly policy: Policy;
  readonly snapshot: Snapshot;
  readonly guards: GuardFacts | null;
  /** State of the replicas' target; null: there is none, or it is away. */
  readonly replicas: TargetState | null;
  /** Since when the target has been away; null: it is not. */
  readonly registryAwaySinceMs: number | null;
  /** Since when the newest target has not been taken over by all guards; null: it has. */
  readonly propagatingSinceMs: number | null;
}

/** Requests below which a ratio says nothing. */
const FEW_REQUESTS = 20;
/** Instances this idle are not out of balance, whatever their ratio. */
const IDLE = 0.15;
const REJECT_RATIO = 0.5;
const SLOW_DOWN_RATIO = 0.01;

export function assess(input: AssessInput): Assessment {
  const { policy, snapshot, guards, replicas } = input;
  const view = snapshot.services.get(policy.service);
  const slo = judgeSlo(policy, view?.slo ?? []);
  const saturation = saturationOf(policy, view);
  const facts = factsFor(input);
  return {
    policy,
    view,
    guards,
    replicas,
    slo,
    saturation,
    inputs: {
      discovery: discoveryOf(input, facts),
      config: configOf(input, facts),
      resilience: resilienceOf({ input, facts, slo, saturation, view }),
      load: loadOf(input, facts, view),
    },
  };
}

type Facts = <T>(
  signal: string,
  value: T,
  unit: string,
  seen: { readonly atMs: number; readonly source: string; readonly lifetimeMs?: number },
) => Evidence<T>;

function factsFor({ policy, snapshot }: AssessInput): Facts {
  return (signal, value, unit, { atMs, source, lifetimeMs }) =>
    observe({
      id: `${policy.service}/${signal}@${snapshot.atMs}`,
      scope: { service: policy.service },
      signal,
      value,
      unit,
      observedAtMs: Math.min(atMs, snapshot.atMs),
      lifetimeMs: lifetimeMs ?? policy.guards.evidenceMaxAge,
      binding: { source },
    });
}

function saturationOf(policy: Policy, view: ServiceView | undefined): Reading | null {
  const gauge = gaugeOf(policy.observe.saturation);
  if (view === undefined || gauge === null) return null;
  const readings = [...gaugeByInstance(view, gauge).values()];
  if (readings.length === 0) return null;
  return {
    value: readings.reduce((sum, { value }) => sum + value, 0) / readings.length,
    observedAtMs: Math.min(...readings.map(({ observedAtMs }) => observedAtMs)),
  };
}

function discoveryOf(input: AssessInput, facts: Facts): NonNullable<ModeInputs['discovery']> {
  const { snapshot, guards, replicas, registryAwaySinceMs } = input;
  const nowMs = snapshot.atMs;
  const now = { atMs: nowMs, source: 'controller' };
  const away =
    input.policy.loops.replicas === undefined
      ? {}
      : {
          registryUnreachableMs: facts(
            'registry.unreachable',
            registryAwaySinceMs === null ? 0 : nowMs - registryAwaySinceMs,
            'ms',
            now,
          ),
        };
  const lost =
    input.policy.loops.replicas === undefined
      ? {}
      : { instancesLost: replicas === null ? null : lostInstances(replicas, facts) };
  if (guards === null) return { ...away, ...lost };
  const seen = { atMs: guards.newestMs, source: 'guard', lifetimeMs: GUARD_WORD_LIFETIME_MS };
  const all = [...guards.instances.values()];
  const failing = all.filter(({ healthy }) => !healthy).length;
  return {
    ...away,
    ...lost,
    evidenceAgeMs: facts('discovery.age', nowMs - guards.newestMs, 'ms', now),
    healthCheckFailureRatio: facts(
      'health.failures',
      all.length === 0 ? 0 : failing / all.length,
      'ratio',
      seen,
    ),
  };
}

function servingOrStarting({ value, ready, starting }: TargetState): number {
  return (ready ?? Number(value)) + (starting ?? 0);
}

function lostInstances(replicas: TargetState, facts: Facts): Evidence<number> {
  const wanted = typeof replicas.value === 'number' ? replicas.value : 0;
  const seen = { atMs: replicas.observedAtMs, source: 'processes' };
  return facts(
    'instances.lost',
    Math.max(0, wanted - servingOrStarting(replicas)),
    'instances',
    seen,
  );
}

function configOf(
  { snapshot, guards, propagatingSinceMs }: AssessInput,
  facts: Facts,
): NonNullable<ModeInputs['config']> {
  if (guards === null || guards.live === 0) return {};
  const seen = { atMs: guards.newestMs, source: 'guard', lifetimeMs: GUARD_WORD_LIFETIME_MS };
  const since = propagatingSinceMs;
  return {
    versionsInForce: facts(
      'config.versions',
      Math.max(1, new Set(guards.versions).size),
      'versions',
      seen,
    ),
    propagationMs: facts('config.propagation', since === null ? 0 : snapshot.atMs - since, 'ms', {
      atMs: snapshot.atMs,
      source: 'controller',
    }),
  };
}

function resilienceOf(given: {
  input: AssessInput;
  facts: Facts;
  slo: SloVerdict | null;
  saturation: Reading | null;
  view: ServiceView | undefined;
}): NonNullable<ModeInputs['resilience']> {
  const { input, facts, slo, saturation, view } = given;
  const { snapshot, guards, policy } = input;
  // Silence of one service while others report is a fact; silence of all is not.
  const pipelineMs = Math.max(0, ...[...snapshot.services.values()].map(newestOf));
  const counted = { atMs: pipelineMs, source: 'collector/red' };
  const enough = (view?.red?.requests ?? 0) >= FEW_REQUESTS;
  const ratio = enough && view?.red ? errorRatio(view.red) : 0;
  const sound = view === undefined || requestsAreSound(view);
  const hasObjective =
    policy.objectives.availability !== undefined || policy.objectives.latency !== undefined;
  return {
    failureRatio:
      snapshot.failures.red || !sound ? null : facts('errors.ratio', ratio, 'ratio', counted),
    ...(hasObjective
      ? {
          burnPage:
            snapshot.failures.slo || !sound
              ? null
              : facts('slo.burn.page', slo?.page ?? false, '', counted),
        }
      : {}),
    ...(policy.observe.saturation === 'none'
      ? {}
      : {
          concurrencyRatio:
            saturation === null
              ? null
              : facts(policy.observe.saturation, saturation.value, 'ratio', {
                  atMs: saturation.observedAtMs,
                  source: 'gauge',
                }),
        }),
    ...(guards?.traffic
      ? {
          backpressure: facts('backpressure', backpressureOf(guards.traffic.rejectRatio), '', {
            atMs: guards.newestMs,
            source: 'guard',
            lifetimeMs: GUARD_WORD_LIFETIME_MS,
          }),
        }
      : {}),
  };
}

function newestOf(view: ServiceView): number {
  const gauges = [...view.gauges.values()].flatMap((instances) =>
    [...instances.values()].map(({ newestMs }) => newestMs),
  );
  return Math.max(view.red?.newestMs ?? 0, ...gauges);
}

function backpressureOf(rejectRatio: number): Backpressure {
  if (rejectRatio >= REJECT_RATIO) return 'reject';
  return rejectRatio >= SLOW_DOWN_RATIO ? 'slow-down' : 'ok';
}

function loadOf(
  { policy, guards, replicas }: AssessInput,
  facts: Facts,
  view: ServiceView | undefined,
): NonNullable<ModeInputs['load']> {
  const gauge = gaugeOf(policy.observe.saturation);
  const readings = view && gauge !== null ? [...gaugeByInstance(view, gauge).values()] : [];
  const loads = readings.map(({ value }) => value);
  const mean = loads.reduce((sum, load) => sum + load, 0) / Math.max(1, loads.length);
  const imbalance = mean < IDLE ? 1 : loadImbalance(loads);
  const wanted = typeof replicas?.value === 'number' ? replicas.value : null;
  return {
    ...(imbalance === null || loads.length === 0
      ? {}
      : {
          imbalance: facts('load.imbalance', imbalance, 'ratio', {
            atMs: Math.min(...readings.map(({ observedAtMs }) => observedAtMs)),
            source: 'gauge',
          }),
        }),
    ...(guards === null || guards.instances.size === 0
      ? {}
      : {
          instancesOutOfRotation: facts(
            'instances.out',
            [...guards.instances.values()].filter(({ healthy }) => !healthy).length,
            'instances',
            { atMs: guards.newestMs, source: 'guard', lifetimeMs: GUARD_WORD_LIFETIME_MS },
          ),
        }),
    ...(wanted === null || replicas === null
      ? {}
      : {
          oneInstanceLeft: facts(
            'instances.one',
            wanted > 1 && servingOrStarting(replicas) <= 1,
            '',
            {
              atMs: replicas.observedAtMs,
              source: 'processes',
            },
          ),
        }),
  };
}
