/**
 * Admission by success rate: which share of calls to turn away before they are sent.
 *
 *     p = max(0, (n - s / threshold) / (n + 1)) ^ (1 / aggression), at most maxRejection
 *
 * n: calls sent in the window; s: those that succeeded. At 95 % success or more p is 0; with none
 * of 99 it would be 0.99. The + 1 keeps a handful of calls from closing the door.
 *
 * n counts only what was sent. Were the calls turned away here counted as well, they would keep p
 * up by themselves, and after a recovery the door would open by 5 % per window only. Because p is
 * at most `maxRejection`, a fifth of the calls always goes through and shows the recovery.
 *
 * Defaults: window 30 s in 30 slots, threshold 0.95, aggression 1 (above 1 the same losses turn
 * away more: 1.5 makes 0.34 of 0.2), at most 0.8; below 10 calls in the window nothing is said.
 *
 * Regimes: open, turning away, too few calls to judge; holding without fresh evidence.
 *
 * Stability: the share depends on the ratio of successes among what was sent, not on how much that
 * was. If the back end fails whatever comes (a fault), the loop is open and stable for any delay.
 * If it bears a share k of the load and fails the rest, the fixed point is 1 - sqrt(k / threshold):
 * fewer calls, fewer losses, with the lag of the window. success-rate.sim.test.ts: it settles for
 * k from 0.25 to 0.8 with figures up to 10 s late.
 *
 * Source: Google's SRE book, chapter 21, client-side throttling; Envoy's admission control for
 * threshold, aggression and the upper limit.
 */
import { requirePositive, requireThat } from '../../config.ts';
import type { Law, LawInput, Step } from '../../decision.ts';
import { isMeasure, tidy } from '../../numbers.ts';
import type { LawReason } from '../../reasons.ts';
import { nextLastMs, refuse } from '../refuse.ts';

export interface SuccessRateConfig {
  /** Success ratio from which on nothing is turned away, above 0, at most 1. Default 0.95. */
  readonly threshold?: number;
  /** Default 1. */
  readonly aggression?: number;
  /** Most that is ever turned away. Default 0.8. */
  readonly maxRejection?: number;
  /** Default 30 s. */
  readonly windowMs?: number;
  /** Calls needed in the window to judge at all. Default 10. */
  readonly minCalls?: number;
  /** Default 30 s. */
  readonly evidenceMaxAgeMs?: number;
}

type SuccessRateSettings = Required<SuccessRateConfig>;

export interface SuccessRateInput extends LawInput {
  /** Calls sent and ended since the last step; null: not known. */
  readonly calls: number | null;
  /** Those of them that succeeded. */
  readonly successes: number | null;
  /** Share turned away that is in force, 0 to 1. */
  readonly applied: number;
}

/** Plain JSON. */
export interface SuccessRateState {
  readonly config: SuccessRateSettings;
  readonly lastMs: number | null;
  /** Number of the newest slot since the epoch; null: none yet. */
  readonly slot: number | null;
  /** Ring of calls and successes by slot number: two figures each. */
  readonly ring: readonly number[];
}

const SLOTS = 30;

export const successRate: Law<SuccessRateConfig, SuccessRateState, SuccessRateInput, number> = {
  name: 'successRate',
  init: (config) => ({ config: settingsOf(config), lastMs: null, slot: null, ring: emptyRing() }),
  step,
  retune: (state, config) => {
    const settings = settingsOf(config);
    const same = settings.windowMs === state.config.windowMs;
    // Slots of another length cannot be told apart by their numbers.
    const memory = same ? {} : { slot: null, ring: emptyRing() };
    return { ...state, ...memory, config: settings };
  },
};

function settingsOf(config: SuccessRateConfig): SuccessRateSettings {
  const { threshold = 0.95, aggression = 1, maxRejection = 0.8 } = config;
  const { windowMs = 30_000, minCalls = 10, evidenceMaxAgeMs = 30_000 } = config;
  requireThat(threshold > 0 && threshold <= 1, 'threshold', threshold, 'above 0, at most 1');
  requirePositive('aggression', aggression);
  const open = maxRejection >= 0 && maxRejection < 1;
  requireThat(open, 'maxRejection', maxRejection, 'from 0 to below 1');
  requirePositive('windowMs', windowMs);
  requirePositive('minCalls', minCalls);
  requirePositive('evidenceMaxAgeMs', evidenceMaxAgeMs);
  return { threshold, aggression, maxRejection, windowMs, minCalls, evidenceMaxAgeMs };
}

/** Share to turn away, from what was sent and what succeeded of it. */
export function rejectionShare(
  calls: number,
  successes: number,
  config: {
    readonly threshold: number;
    readonly aggression: number;
    readonly maxRejection: number;
  },
): number {
  const lost = (calls - successes / config.threshold) / (calls + 1);
  return lost > 0 ? Math.min(config.maxRejection, lost ** (1 / config.aggression)) : 0;
}

function step(state: SuccessRateState, input: SuccessRateInput): Step<SuccessRateState, number> {
  const { config } = state;
  const lastMs = nextLastMs(state.lastMs, input.nowMs);
  const refused = refuse(state.lastMs, input, config.evidenceMaxAgeMs) ?? invalidity(input);
  if (refused !== null) {
    const value = isMeasure(input.applied) ? Math.min(1, input.applied) : 0;
    const output = { value, reason: refused, terms: { applied: value } };
    return { state: { ...state, lastMs }, output };
  }
  const slot = Math.floor(input.nowMs / (config.windowMs / SLOTS));
  const ring = counted(state, slot, input.calls as number, input.successes as number);
  let calls = 0;
  let successes = 0;
  for (let index = 0; index < ring.length; index += 2) {
    calls += ring[index] as number;
    successes += ring[index + 1] as number;
  }
  const judged = calls >= config.minCalls;
  const value = judged ? tidy(rejectionShare(calls, successes, config)) : 0;
  const verdict: LawReason = value > 0 ? 'success-low' : 'success-high';
  const reason: LawReason = judged ? verdict : 'too-few-calls';
  const { threshold } = config;
  const terms = { calls, successes, threshold, applied: input.applied };
  return { state: { ...state, lastMs, slot, ring }, output: { value, reason, terms } };
}

function invalidity(input: SuccessRateInput): LawReason | null {
  const { calls, successes, applied } = input;
  if (calls === null || successes === null) {
    return 'no-evidence';
  }
  const possible = isMeasure(calls) && isMeasure(successes) && successes <= calls;
  return possible && isMeasure(applied) ? null : 'invalid-measure';
}

/** The ring with slots that have passed since the last step emptied, and the new counts in. */
function counted(
  state: SuccessRateState,
  slot: number,
  calls: number,
  successes: number,
): readonly number[] {
  const passed = state.slot === null ? SLOTS : slot - state.slot;
  // Back by a slot or more: the clock was set, and nothing in the ring can be placed any more.
  const ring = passed < 0 || passed >= SLOTS ? emptyRing() : state.ring.slice();
  for (let gone = Math.min(passed, SLOTS) - 1; gone >= 0; gone -= 1) {
    const at = placeOf(slot - gone);
    ring[at] = 0;
    ring[at + 1] = 0;
  }
  const at = placeOf(slot);
  ring[at] = (ring[at] as number) + calls;
  ring[at + 1] = (ring[at + 1] as number) + successes;
  return ring;
}

function placeOf(slot: number): number {
  return 2 * (((slot % SLOTS) + SLOTS) % SLOTS);
}

function emptyRing(): number[] {
  return new Array<number>(2 * SLOTS).fill(0);
}
