/**
 * Concurrency limit by additive increase and multiplicative decrease.
 *
 *     calls dropped, or latency > timeout      limit x backoff^h
 *     limit used by half or more               limit + increase h       h = min(1, dt / everyMs)
 *     otherwise                                limit
 *
 * The limit answers to losses alone; a queue that loses nothing is not seen, so set `timeoutMs`
 * to the latency that is already a failure to the caller. A limit that is not used is not raised:
 * it would climb without end and be no limit when the surge comes.
 *
 * Defaults: +1 and x 0.5 per second (use 0.9 where a loss is often chance), a drop being more than
 * 1 % of calls lost, time-out 5 s, limit 1 to 1,000.
 *
 * Regimes: growing, backing off, resting unused; holding without fresh evidence.
 *
 * Stability: the limit saws between the loss point and `backoff` of it. Losses that are seen d
 * periods late let it climb by d and fall by backoff^d, so the saw is bounded for any delay and
 * grows with it; with a time-out the queue that it stands for must drain within a period, or one
 * overshoot is answered several times (limits.sim.test.ts: 20 workers, backoff 0.9).
 *
 * Source: Chiu and Jain 1989; the mission's table, row 10; growth only when half used after
 * Netflix's concurrency-limits.
 */
import { requirePositive } from '../../config.ts';
import type { Law, Step } from '../../decision.ts';
import { nextLastMs } from '../refuse.ts';
import {
  type ConcurrencyInput,
  holdLimit,
  isDropping,
  type LimitConfig,
  type LimitMemory,
  type LimitSettings,
  limitNow,
  limitSettings,
  periodsSince,
  proposeLimit,
  refuseLimit,
} from './limit.ts';

export interface AimdConfig extends LimitConfig {
  /** Added per `everyMs`. Default 1. */
  readonly increase?: number;
  /** A latency above it is a loss. Default 5 s. */
  readonly timeoutMs?: number;
}

export interface AimdSettings extends LimitSettings {
  readonly increase: number;
  readonly timeoutMs: number;
}

/** Plain JSON. */
export interface AimdState extends LimitMemory {
  readonly config: AimdSettings;
}

export const aimd: Law<AimdConfig, AimdState, ConcurrencyInput, number> = {
  name: 'aimd',
  init: (config) => ({ config: settingsOf(config), lastMs: null, limit: null }),
  step,
  retune: (state, config) => ({ ...state, config: settingsOf(config) }),
};

function settingsOf(config: AimdConfig): AimdSettings {
  const { increase = 1, timeoutMs = 5_000 } = config;
  requirePositive('increase', increase);
  requirePositive('timeoutMs', timeoutMs);
  return { ...limitSettings(config, 0.5), increase, timeoutMs };
}

function step(state: AimdState, input: ConcurrencyInput): Step<AimdState, number> {
  const { config } = state;
  const current = limitNow(state, input, config.minLimit);
  const refused = refuseLimit(state, input, config);
  const next = { ...state, lastMs: nextLastMs(state.lastMs, input.nowMs) };
  if (refused !== null) {
    return holdLimit(next, input, current, refused);
  }
  const h = periodsSince(state.lastMs, input.nowMs, config.everyMs);
  const inFlight = input.inFlight as number;
  const terms = { applied: input.applied, inFlight, dropRatio: input.dropRatio ?? 0 };
  if (isDropping(input, config) || (input.latencyMs ?? 0) > config.timeoutMs) {
    return proposeLimit(next, current * config.backoff ** h, 'calls-dropped', terms);
  }
  if (inFlight * 2 < current) {
    return proposeLimit(next, current, 'limit-unused', terms);
  }
  return proposeLimit(next, current + config.increase * h, 'room-to-grow', terms);
}
