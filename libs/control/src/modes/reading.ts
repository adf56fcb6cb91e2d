import { assertNever } from '../config.ts';
import { isUsable } from '../evidence/life.ts';
import type {
  Blindness,
  Dimension,
  ModeConfig,
  ModeEvidence,
  ModeInputs,
  ModeState,
  TriggerId,
} from './mode.ts';
import { TRIGGER_IDS, TRIGGERS, triggersOf } from './triggers.ts';

/** What one trigger's figure says now. */
export type Reading =
  | { readonly kind: 'unobserved' }
  | { readonly kind: 'blind'; readonly reason: Blindness }
  | { readonly kind: 'seen'; readonly level: number; readonly evidence: ModeEvidence };

export type Readings = { readonly [id in TriggerId]: Reading };

export function read(config: ModeConfig, inputs: ModeInputs, nowMs: number): Readings {
  return Object.fromEntries(
    TRIGGER_IDS.map((id) => [id, readOne(config, TRIGGERS[id].figure(inputs), nowMs)]),
  ) as Readings;
}

function readOne(
  config: ModeConfig,
  figure: ModeEvidence | null | undefined,
  nowMs: number,
): Reading {
  if (figure === undefined) {
    return { kind: 'unobserved' };
  }
  if (figure === null) {
    return { kind: 'blind', reason: 'no-evidence' };
  }
  const level = levelOf(figure.value);
  if (!Number.isFinite(level) || level < 0) {
    return { kind: 'blind', reason: 'no-evidence' };
  }
  return isUsable<unknown>(figure, nowMs, config.evidenceMaxAgeMs)
    ? { kind: 'seen', level, evidence: figure }
    : { kind: 'blind', reason: 'stale-evidence' };
}

function levelOf(value: ModeEvidence['value']): number {
  switch (value) {
    case true:
      return 1;
    case false:
    case 'ok':
      return 0;
    case 'slow-down':
      return 1;
    case 'reject':
      return 2;
    default:
      return typeof value === 'number' ? value : assertNever(value);
  }
}

/** What is seen of a dimension as a whole. */
export interface Sight {
  readonly active: readonly TriggerId[];
  /** Why not everything that matters can be seen; null: it can. */
  readonly blind: Blindness | null;
  /** Everything observed is where Target wants it. */
  readonly healthy: boolean;
}

/**
 * A trigger that has fired stays a matter of its dimension even if nobody observes it now. A
 * dimension in trouble of which nothing is seen at all is blind: nobody can say that it is over.
 */
export function sightOf(
  state: Pick<ModeState, 'config' | 'active' | 'dimensions'>,
  readings: Readings,
  dimension: Dimension,
): Sight {
  const ids = triggersOf(dimension);
  const active = ids.filter((id) => state.active.includes(id));
  const seen = ids.filter((id) => readings[id].kind === 'seen');
  const reasons = ids.map((id) => {
    const reading = readings[id];
    if (reading.kind === 'blind') {
      return reading.reason;
    }
    return reading.kind === 'unobserved' && active.includes(id) ? 'no-evidence' : null;
  });
  const healthy =
    seen.length > 0 &&
    seen.every((id) => {
      const reading = readings[id];
      return reading.kind === 'seen' && reading.level <= state.config.thresholds[id].exit;
    });
  const unseen = seen.length === 0 && state.dimensions[dimension].mode !== 'target';
  const blind = reasons.find((reason) => reason !== null) ?? (unseen ? 'no-evidence' : null);
  return { active, blind, healthy };
}

export function evidenceOf(readings: Readings, ids: readonly TriggerId[]): readonly ModeEvidence[] {
  const evidence = ids.flatMap((id) => {
    const reading = readings[id];
    return reading.kind === 'seen' ? [reading.evidence] : [];
  });
  return [...new Set(evidence)];
}
