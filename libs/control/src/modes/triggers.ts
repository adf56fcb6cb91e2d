import { writeDuration, writeNumber } from '../explain.ts';
import type { Backpressure, Dimension, Figure, ModeInputs, TriggerId } from './mode.ts';

/** What fires a mode: which figure of which dimension, and how bad it is. */
export interface Trigger {
  readonly dimension: Dimension;
  readonly level: 'degraded' | 'floor';
  /** undefined: nobody observes it. null: it cannot be had now. */
  figure(inputs: ModeInputs): Figure<number> | Figure<boolean> | Figure<Backpressure> | undefined;
  /** What is the case when it fires. */
  text(level: number): string;
}

const percent = (ratio: number) => `${writeNumber(ratio * 100)} %`;

const DISCOVERY: { readonly [id in DiscoveryId]: Trigger } = {
  'discovery-evidence-old': {
    dimension: 'discovery',
    level: 'degraded',
    figure: (inputs) => inputs.discovery?.evidenceAgeMs,
    text: (age) => `the newest sign of life of its instances is ${writeDuration(age)} old`,
  },
  'routing-outdated': {
    dimension: 'discovery',
    level: 'degraded',
    figure: (inputs) => inputs.discovery?.routingOutdated,
    text: () => 'the routing table is out of date',
  },
  'health-checks-failing': {
    dimension: 'discovery',
    level: 'degraded',
    figure: (inputs) => inputs.discovery?.healthCheckFailureRatio,
    text: (ratio) => `${percent(ratio)} of its health checks fail`,
  },
  'instance-lost': {
    dimension: 'discovery',
    level: 'degraded',
    figure: (inputs) => inputs.discovery?.instancesLost,
    text: (lost) => `${writeNumber(lost)} of its instances ${lost === 1 ? 'is' : 'are'} lost`,
  },
  'registry-unreachable': {
    dimension: 'discovery',
    level: 'floor',
    figure: (inputs) => inputs.discovery?.registryUnreachableMs,
    text: (since) => `the registry has been out of reach for ${writeDuration(since)}`,
  },
};

const CONFIG: { readonly [id in ConfigId]: Trigger } = {
  'version-skew': {
    dimension: 'config',
    level: 'degraded',
    figure: (inputs) => inputs.config?.versionsInForce,
    text: (versions) => `${writeNumber(versions)} versions of its configuration are in force`,
  },
  'propagation-slow': {
    dimension: 'config',
    level: 'degraded',
    figure: (inputs) => inputs.config?.propagationMs,
    text: (since) => `its newest configuration has been under way for ${writeDuration(since)}`,
  },
  'override-in-force': {
    dimension: 'config',
    level: 'degraded',
    figure: (inputs) => inputs.config?.overridesInForce,
    text: (overrides) => `${writeNumber(overrides)} overrides are in force`,
  },
  'config-unreachable': {
    dimension: 'config',
    level: 'floor',
    figure: (inputs) => inputs.config?.unreachableWithoutCache,
    text: () => 'its configuration is out of reach and there is no cached copy',
  },
};

const RESILIENCE: { readonly [id in ResilienceId]: Trigger } = {
  'breaker-open': {
    dimension: 'resilience',
    level: 'degraded',
    figure: (inputs) => inputs.resilience?.openBreakers,
    text: (open) => `${writeNumber(open)} circuit breaker${open === 1 ? ' is' : 's are'} open`,
  },
  'breaker-trips': {
    dimension: 'resilience',
    level: 'degraded',
    figure: (inputs) => inputs.resilience?.breakerTripsPerMinute,
    text: (trips) => `its circuit breakers trip ${writeNumber(trips)} times a minute`,
  },
  'backpressure-slow-down': {
    dimension: 'resilience',
    level: 'degraded',
    figure: (inputs) => inputs.resilience?.backpressure,
    text: () => 'it asks its callers to slow down',
  },
  'concurrency-high': {
    dimension: 'resilience',
    level: 'degraded',
    figure: (inputs) => inputs.resilience?.concurrencyRatio,
    text: (ratio) => `${percent(ratio)} of its concurrency limit are in use`,
  },
  'burn-rate-page': {
    dimension: 'resilience',
    level: 'degraded',
    figure: (inputs) => inputs.resilience?.burnPage,
    text: () => 'its error budget burns fast enough to page',
  },
  'failure-ratio-high': {
    dimension: 'resilience',
    level: 'floor',
    figure: (inputs) => inputs.resilience?.failureRatio,
    text: (ratio) => `${percent(ratio)} of its requests fail`,
  },
  'failure-ratio-lasting': {
    dimension: 'resilience',
    level: 'degraded',
    figure: (inputs) => inputs.resilience?.failureRatio,
    text: (ratio) => `${percent(ratio)} of its requests still fail`,
  },
  'backpressure-reject': {
    dimension: 'resilience',
    level: 'floor',
    figure: (inputs) => inputs.resilience?.backpressure,
    text: () => 'it rejects its callers',
  },
};

const LOAD: { readonly [id in LoadId]: Trigger } = {
  'load-imbalance': {
    dimension: 'load',
    level: 'degraded',
    figure: (inputs) => inputs.load?.imbalance,
    text: (ratio) => `its busiest instance has ${writeNumber(ratio)} times the mean load`,
  },
  'instance-out-of-rotation': {
    dimension: 'load',
    level: 'degraded',
    figure: (inputs) => inputs.load?.instancesOutOfRotation,
    text: (out) =>
      `${writeNumber(out)} of its instances ${out === 1 ? 'is' : 'are'} out of rotation`,
  },
  'one-instance-left': {
    dimension: 'load',
    level: 'floor',
    figure: (inputs) => inputs.load?.oneInstanceLeft,
    text: () => 'only one of its instances is left',
  },
  'load-imbalance-severe': {
    dimension: 'load',
    level: 'floor',
    figure: (inputs) => inputs.load?.imbalance,
    text: (ratio) => `its busiest instance has ${writeNumber(ratio)} times the mean load`,
  },
};

type DiscoveryId =
  | 'discovery-evidence-old'
  | 'routing-outdated'
  | 'health-checks-failing'
  | 'instance-lost'
  | 'registry-unreachable';
type ConfigId = 'version-skew' | 'propagation-slow' | 'override-in-force' | 'config-unreachable';
type LoadId =
  | 'load-imbalance'
  | 'instance-out-of-rotation'
  | 'one-instance-left'
  | 'load-imbalance-severe';
type ResilienceId = Exclude<TriggerId, DiscoveryId | ConfigId | LoadId>;

export const TRIGGERS: { readonly [id in TriggerId]: Trigger } = {
  ...DISCOVERY,
  ...CONFIG,
  ...RESILIENCE,
  ...LOAD,
};

export const TRIGGER_IDS = Object.keys(TRIGGERS) as readonly TriggerId[];
export const DIMENSIONS: readonly Dimension[] = ['discovery', 'config', 'resilience', 'load'];

export function triggersOf(dimension: Dimension): readonly TriggerId[] {
  return TRIGGER_IDS.filter((id) => TRIGGERS[id].dimension === dimension);
}
