/**
 * The time a request has, spent along its call chain.
 *
 *     remaining = budget - time since the request arrived
 *     share     = (remaining - reserve) weight / (weight + weights of the calls still to come)
 *     time-out  = share / tries still to come
 *     passed on = time-out - network
 *
 * Ask before every call and every try: what one call did not use goes to the next. The callee gets
 * a length of time, not an instant, so the clocks of two machines need not agree; it begins its own
 * budget with it. A call that would get less than `minMs` (plus the network) is not made: it would
 * cost the callee its time and be thrown away. Time only adds up: a clock that goes back gives
 * nothing back, and a leap ahead is spent.
 *
 * Defaults: 30 s (the time-out of a mesh), reserve 50 ms for our own answer, network 5 ms, minimum
 * 10 ms.
 * Regimes: time left; too little for this call; none left.
 * Stability: open loop, always stable; calls made one after the other end within budget - reserve,
 * and no callee at any depth has more time than its caller.
 * Source: deadline propagation as RPC systems do it; the mission's table, row 25.
 */
import {
  type Admission,
  granted,
  IMPOSSIBLE,
  type Machine,
  type MachineInput,
  type MachineStep,
  refused,
} from '../admission/machine.ts';
import { requireAtLeastZero, requirePositive, requireThat } from '../config.ts';
import { isMeasure } from '../numbers.ts';

export interface DeadlineConfig {
  /** The instant the request arrived. */
  readonly startedMs: number;
  /** What it was given. Default 30 s. */
  readonly budgetMs?: number;
  /** Kept back for our own work after the last call. Default 50 ms. */
  readonly reserveMs?: number;
  /** There and back again, taken off what is passed on. Default 5 ms. */
  readonly networkMs?: number;
  /** A callee with less is not called. Default 10 ms. */
  readonly minMs?: number;
}

/** Plain JSON. */
export interface DeadlineState {
  readonly config: Required<DeadlineConfig>;
  readonly lastMs: number;
  readonly spentMs: number;
}

export interface DeadlineInput extends MachineInput {
  /** Of this call among those still to come. Default 1. */
  readonly weight?: number;
  /** Sum of the weights of the calls after this one. Default 0: it is the last. */
  readonly laterWeight?: number;
  /** Tries still to come, this one included. Default 1. */
  readonly tries?: number;
}

/** `value`: the call is worth making. */
export interface DeadlineOutput extends Admission {
  /** Give up on the call after this long; null: do not make it. */
  readonly timeoutMs: number | null;
  /** The callee's own budget. */
  readonly passOnMs: number | null;
}

export const deadlineBudget: Machine<DeadlineConfig, DeadlineState, DeadlineInput, DeadlineOutput> =
  {
    name: 'deadlineBudget',
    init: (config) => ({ config: settingsOf(config), lastMs: config.startedMs, spentMs: 0 }),
    step,
    /** What is spent stays spent. */
    retune: (state, config) => ({ ...state, config: settingsOf(config) }),
  };

function settingsOf(config: DeadlineConfig): Required<DeadlineConfig> {
  const { startedMs, budgetMs = 30_000, reserveMs = 50, networkMs = 5, minMs = 10 } = config;
  requireThat(Number.isFinite(startedMs), 'startedMs', startedMs, 'a number');
  requirePositive('budgetMs', budgetMs);
  requireAtLeastZero('reserveMs', reserveMs);
  requireAtLeastZero('networkMs', networkMs);
  requirePositive('minMs', minMs);
  return { startedMs, budgetMs, reserveMs, networkMs, minMs };
}

function step(
  before: DeadlineState,
  input: DeadlineInput,
): MachineStep<DeadlineState, DeadlineOutput> {
  const { nowMs, weight = 1, laterWeight = 0, tries = 1 } = input;
  const sane = isMeasure(weight) && weight > 0 && isMeasure(laterWeight);
  if (!Number.isFinite(nowMs) || !sane || !Number.isInteger(tries) || tries < 1) {
    return { state: before, output: { ...IMPOSSIBLE, timeoutMs: null, passOnMs: null } };
  }
  const { config } = before;
  const spentMs = before.spentMs + Math.max(0, nowMs - before.lastMs);
  const state = { config, lastMs: nowMs, spentMs };
  const { budgetMs, reserveMs, networkMs, minMs } = config;
  const remainingMs = Math.max(0, budgetMs - spentMs);
  const usableMs = Math.max(0, remainingMs - reserveMs);
  const timeoutMs = (usableMs * (weight / (weight + laterWeight))) / tries;
  const terms = { budgetMs, remainingMs, reserveMs, timeoutMs, minMs, networkMs };
  if (remainingMs === 0 || timeoutMs < minMs + networkMs) {
    const reason = remainingMs === 0 ? 'deadline-passed' : 'deadline-too-short';
    const output = { ...refused(reason, null, terms), timeoutMs: null, passOnMs: null };
    return { state, output };
  }
  const passOnMs = timeoutMs - networkMs;
  return { state, output: { ...granted('deadline-share', terms), timeoutMs, passOnMs } };
}
