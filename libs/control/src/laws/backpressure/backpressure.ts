/**
 * Backpressure: what a bounded queue tells those who send to it.
 *
 *     fill = queued / capacity
 *
 *     accepting --- > 0.8 ---> pressuring --- >= 1 ---> rejecting      (>= 1 from accepting too)
 *     accepting <-- < 0.6 ---- pressuring
 *     accepting <--------------- < 0.6 ---------------- rejecting
 *
 *     state        signal        credits
 *     accepting    ok            capacity - queued
 *     pressuring   slow-down     min(capacity - queued, slowShare x drain x everyMs)
 *     rejecting    reject        0, and Retry-After = (queued - 0.6 capacity) / drain
 *
 *     grant = max(0, credits - outstanding)          outstanding = granted so far - arrived so far
 *
 * Credits are a level: so many calls may be on their way. What is handed out is the grant, which
 * brings those outstanding up to that level; a grant is never called back. Calls that arrive turn
 * from outstanding to queued, so queued + outstanding stays within the capacity however long
 * grants and calls are on their way. Under pressure half of what drains is let in, so the queue
 * shrinks. The drain rate is an average over `drainTauMs`; while it is not known a quarter of the
 * room is given under pressure, and the hint is `retryMaxMs`.
 *
 * Defaults: capacity 1,000; thresholds 0.8, 1 and 0.6, so that a queue at the edge of one does not
 * flap; slowShare 0.5 every second; hint from 1 s to 60 s, in whole seconds as the header has it.
 *
 * Regimes: accepting, pressuring, rejecting; holding without fresh evidence.
 *
 * Stability: the states form hysteresis loops 0.2 and 0.4 of the capacity wide, and each turn
 * takes the time to drain that much. The queue cannot overflow for any delay of grants and calls
 * (above); under pressure it shrinks by 1 - slowShare of the drain (backpressure.sim.test.ts, up
 * to 5 s of delay).
 *
 * Source: the mission's table, row 11; credits after the windows of HTTP/2 and QUIC.
 */
import { assertNever, requirePositive, requireThat } from '../../config.ts';
import type { Decision, Law, LawInput } from '../../decision.ts';
import type { Backpressure } from '../../modes/mode.ts';
import { isMeasure, tidy } from '../../numbers.ts';
import type { LawReason } from '../../reasons.ts';
import { nextLastMs, refuse } from '../refuse.ts';

export interface BackpressureConfig {
  /** Places in the queue. Default 1,000. */
  readonly capacity?: number;
  /** Fill above which senders are asked to slow down. Default 0.8. */
  readonly pressureAbove?: number;
  /** Fill below which all is well again. Default 0.6. */
  readonly acceptBelow?: number;
  /** Share of the drain that senders get under pressure. Default 0.5. */
  readonly slowShare?: number;
  /** Period credits are meant for. Default 1 s. */
  readonly everyMs?: number;
  /** Default 10 s. */
  readonly drainTauMs?: number;
  /** Longest Retry-After. Default 60 s. */
  readonly retryMaxMs?: number;
  /** Default 30 s. */
  readonly evidenceMaxAgeMs?: number;
}

type BackpressureSettings = Required<BackpressureConfig>;

export interface BackpressureInput extends LawInput {
  /** Calls in the queue; null: not known. */
  readonly queued: number | null;
  /** Calls that left the queue per second; null: not known. */
  readonly drainedPerSecond: number | null;
  /** Credits outstanding: granted so far less arrived so far. */
  readonly applied: number;
}

export type BackpressurePhase =
  | { readonly kind: 'accepting'; readonly sinceMs: number | null }
  | { readonly kind: 'pressuring'; readonly sinceMs: number }
  | { readonly kind: 'rejecting'; readonly sinceMs: number };

/** Plain JSON. */
export interface BackpressureState {
  readonly config: BackpressureSettings;
  readonly lastMs: number | null;
  readonly phase: BackpressurePhase;
  /** Average; null: not known yet. */
  readonly drainedPerSecond: number | null;
}

/** `value`: credits, the level. */
export interface BackpressureDecision extends Decision<number> {
  /** Credits to hand out now, on top of those outstanding. */
  readonly grant: number;
  readonly signal: Backpressure;
  /** For the Retry-After header; null: no need to wait. */
  readonly retryAfterMs: number | null;
}

export interface BackpressureStep {
  readonly state: BackpressureState;
  readonly output: BackpressureDecision;
}

export interface BackpressureLaw
  extends Law<BackpressureConfig, BackpressureState, BackpressureInput, number> {
  step(state: BackpressureState, input: BackpressureInput): BackpressureStep;
}

/** Share of the room given under pressure while the drain is not known. */
const BLIND_SHARE = 0.25;

export const backpressure: BackpressureLaw = {
  name: 'backpressure',
  init: (config) => ({
    config: settingsOf(config),
    lastMs: null,
    phase: { kind: 'accepting', sinceMs: null },
    drainedPerSecond: null,
  }),
  step,
  retune: (state, config) => ({ ...state, config: settingsOf(config) }),
};

function settingsOf(config: BackpressureConfig): BackpressureSettings {
  const settings = {
    capacity: config.capacity ?? 1_000,
    pressureAbove: config.pressureAbove ?? 0.8,
    acceptBelow: config.acceptBelow ?? 0.6,
    slowShare: config.slowShare ?? 0.5,
    everyMs: config.everyMs ?? 1_000,
    drainTauMs: config.drainTauMs ?? 10_000,
    retryMaxMs: config.retryMaxMs ?? 60_000,
    evidenceMaxAgeMs: config.evidenceMaxAgeMs ?? 30_000,
  };
  const { capacity, pressureAbove, acceptBelow, slowShare, retryMaxMs } = settings;
  requireThat(
    Number.isInteger(capacity) && capacity >= 1,
    'capacity',
    capacity,
    'whole, 1 or more',
  );
  const inside = pressureAbove > 0 && pressureAbove < 1;
  requireThat(inside, 'pressureAbove', pressureAbove, 'between 0 and 1');
  const below = acceptBelow > 0 && acceptBelow < pressureAbove;
  const bound = `above 0, below pressureAbove (${pressureAbove})`;
  requireThat(below, 'acceptBelow', acceptBelow, bound);
  requireThat(slowShare >= 0 && slowShare < 1, 'slowShare', slowShare, 'from 0 to below 1');
  requirePositive('everyMs', settings.everyMs);
  requirePositive('drainTauMs', settings.drainTauMs);
  const second = Number.isFinite(retryMaxMs) && retryMaxMs >= 1_000;
  requireThat(second, 'retryMaxMs', retryMaxMs, 'a number, 1000 or above');
  requirePositive('evidenceMaxAgeMs', settings.evidenceMaxAgeMs);
  return settings;
}

function step(state: BackpressureState, input: BackpressureInput): BackpressureStep {
  const { config } = state;
  const { nowMs, queued } = input;
  const lastMs = nextLastMs(state.lastMs, nowMs);
  const refused = refuse(state.lastMs, input, config.evidenceMaxAgeMs) ?? invalidity(input);
  if (refused !== null) {
    return held({ ...state, lastMs }, input, refused);
  }
  const depth = queued as number;
  const phase = phaseAfter(config, state.phase, depth / config.capacity, nowMs);
  const drainedPerSecond = drainOf(state, input);
  const next = { ...state, lastMs, phase, drainedPerSecond };
  const room = Math.max(0, Math.floor(config.capacity - depth));
  const terms = {
    queued: depth,
    fill: tidy(depth / config.capacity),
    capacity: config.capacity,
    applied: input.applied,
    ...(drainedPerSecond === null ? {} : { drainedPerSecond: tidy(drainedPerSecond) }),
  };
  const decide = (value: number, reason: LawReason, signal: Backpressure): BackpressureStep => ({
    state: next,
    output: {
      value,
      reason,
      terms,
      signal,
      grant: Math.max(0, Math.floor(value - input.applied)),
      retryAfterMs: retryAfter(next, depth),
    },
  });
  switch (phase.kind) {
    case 'accepting':
      return decide(room, 'queue-has-room', 'ok');
    case 'pressuring':
      return decide(slowCredits(next, room), 'queue-filling', 'slow-down');
    case 'rejecting':
      return decide(0, 'queue-full', 'reject');
    default:
      return assertNever(phase);
  }
}

function held(state: BackpressureState, input: BackpressureInput, reason: LawReason) {
  const value = isMeasure(input.applied) ? input.applied : 0;
  const retryAfterMs = state.phase.kind === 'rejecting' ? state.config.retryMaxMs : null;
  const signal = signalOf(state.phase);
  const terms = { applied: value };
  return { state, output: { value, reason, terms, signal, grant: 0, retryAfterMs } };
}

/** What the queue tells its senders in this phase. */
export function signalOf(phase: BackpressurePhase): Backpressure {
  switch (phase.kind) {
    case 'accepting':
      return 'ok';
    case 'pressuring':
      return 'slow-down';
    case 'rejecting':
      return 'reject';
    default:
      return assertNever(phase);
  }
}

function invalidity(input: BackpressureInput): LawReason | null {
  if (input.queued === null) {
    return 'no-evidence';
  }
  const possible = isMeasure(input.queued) && isMeasure(input.drainedPerSecond ?? 0);
  return possible && isMeasure(input.applied) ? null : 'invalid-measure';
}

function phaseAfter(
  config: BackpressureSettings,
  phase: BackpressurePhase,
  fill: number,
  sinceMs: number,
): BackpressurePhase {
  switch (phase.kind) {
    case 'accepting':
      if (fill >= 1) {
        return { kind: 'rejecting', sinceMs };
      }
      return fill > config.pressureAbove ? { kind: 'pressuring', sinceMs } : phase;
    case 'pressuring':
      if (fill >= 1) {
        return { kind: 'rejecting', sinceMs };
      }
      return fill < config.acceptBelow ? { kind: 'accepting', sinceMs } : phase;
    case 'rejecting':
      return fill < config.acceptBelow ? { kind: 'accepting', sinceMs } : phase;
    default:
      return assertNever(phase);
  }
}

function drainOf(state: BackpressureState, input: BackpressureInput): number | null {
  const { drainedPerSecond: seen } = input;
  const { drainedPerSecond: before, lastMs, config } = state;
  if (seen === null || before === null || lastMs === null) {
    return seen ?? before;
  }
  const share = 1 - Math.exp(-(input.nowMs - lastMs) / config.drainTauMs);
  return before + (seen - before) * share;
}

function slowCredits(state: BackpressureState, room: number): number {
  const { config, drainedPerSecond } = state;
  const wished =
    drainedPerSecond === null
      ? BLIND_SHARE * room
      : (config.slowShare * drainedPerSecond * config.everyMs) / 1_000;
  return Math.min(room, Math.floor(wished));
}

/** When there will be room again at the present drain, in whole seconds. */
function retryAfter(state: BackpressureState, depth: number): number | null {
  const { config, drainedPerSecond, phase } = state;
  if (phase.kind !== 'rejecting') {
    return null;
  }
  const excess = depth - config.acceptBelow * config.capacity;
  if (drainedPerSecond === null || drainedPerSecond === 0) {
    return config.retryMaxMs;
  }
  const seconds = Math.max(1, Math.ceil(tidy(excess / drainedPerSecond)));
  return Math.min(config.retryMaxMs, seconds * 1_000);
}
