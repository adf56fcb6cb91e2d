import { assertNever } from '../config.ts';
import type { AdmissionReason } from '../reasons.ts';
import { EMPTY_WINDOW, pulledBack } from './call-window.ts';
import type { BreakerState, Circuit, CircuitTransition } from './circuit.ts';

const MOST_OPENINGS = 16;

export const CLOSED: Circuit = { kind: 'closed', window: EMPTY_WINDOW };
export const HALF_OPEN: Circuit = { kind: 'half-open', out: [], nextId: 1, successes: 0 };

/** Why and when, and where to note it. */
export interface Change {
  readonly cause: AdmissionReason;
  readonly nowMs: number;
  readonly transitions: CircuitTransition[];
}

/** What time alone does. */
export function advance(
  before: BreakerState,
  nowMs: number,
  transitions: CircuitTransition[],
): BreakerState {
  const state = before.lastMs !== null && nowMs < before.lastMs ? toNow(before, nowMs) : before;
  const { circuit } = state;
  if (circuit.kind === 'open' && nowMs >= circuit.untilMs) {
    return enter(state, HALF_OPEN, { cause: 'circuit-trial', nowMs, transitions });
  }
  const oldest = circuit.kind === 'half-open' ? circuit.out[0] : undefined;
  return oldest !== undefined && nowMs - oldest.atMs >= state.config.probeTimeoutMs
    ? open(state, { cause: 'circuit-probe-lost', nowMs, transitions })
    : state;
}

/** The clock went back: nothing that is remembered lies ahead. */
function toNow(state: BreakerState, nowMs: number): BreakerState {
  const { circuit } = state;
  const openings = state.openings.map((atMs) => Math.min(atMs, nowMs));
  switch (circuit.kind) {
    case 'closed':
    case 'metrics-only': {
      const window = pulledBack(circuit.window, state.config, nowMs);
      return { ...state, openings, circuit: { ...circuit, window } };
    }
    case 'open': {
      const sinceMs = Math.min(circuit.sinceMs, nowMs);
      const untilMs = sinceMs + (circuit.untilMs - circuit.sinceMs);
      return { ...state, openings, circuit: { ...circuit, sinceMs, untilMs } };
    }
    case 'half-open': {
      const out = circuit.out.map(({ id, atMs }) => ({ id, atMs: Math.min(atMs, nowMs) }));
      return { ...state, openings, circuit: { ...circuit, out } };
    }
    case 'forced-open':
    case 'forced-closed':
      return { ...state, openings };
    default:
      return assertNever(circuit);
  }
}

export function enter(state: BreakerState, circuit: Circuit, change: Change): BreakerState {
  const { cause, nowMs, transitions } = change;
  transitions.push({ from: state.circuit.kind, to: circuit.kind, cause, atMs: nowMs });
  return { ...state, circuit, generation: state.generation + 1 };
}

export function open(state: BreakerState, change: Change): BreakerState {
  const { openMs, openFactor, maxOpenMs } = state.config;
  const { nowMs } = change;
  const lengthMs = Math.min(maxOpenMs, openMs * openFactor ** state.reopened);
  const entered = enter(state, { kind: 'open', sinceMs: nowMs, untilMs: nowMs + lengthMs }, change);
  return {
    ...entered,
    reopened: state.reopened + 1,
    openings: [...state.openings.slice(1 - MOST_OPENINGS), nowMs],
    stats: { ...state.stats, opened: state.stats.opened + 1 },
  };
}

export function close(state: BreakerState, change: Change): BreakerState {
  return { ...enter(state, CLOSED, change), reopened: 0 };
}
