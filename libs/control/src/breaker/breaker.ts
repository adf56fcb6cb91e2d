/**
 * Circuit breaker.
 *
 *     closed     --  failures >= 5 of the last 10 calls               --> open
 *                    failed / calls > 0.5 over 60 s, calls >= 10      --> open
 *                    slower than 1 s / calls > 0.5, calls >= 10       --> open
 *     open       --  openMs openFactor^(openings without a closing)   --> half-open
 *     half-open  --  2 successes of at most 3 probes                  --> closed
 *                    one failure, or a probe not back in 30 s         --> open
 *     any        --  by hand                --> forced-open, forced-closed, metrics-only, closed
 *
 * The count rule's threshold adapts: 1 less while more than 10 failures lie in the window, 1 less
 * while p99 is above `slowMs`, never below 3. It is a function of the window, so it comes back by
 * itself. Each state is a generation: a result counts only in the state its call began in, so late
 * answers of a bad time neither close nor reopen anything. A result that says nothing about the
 * callee (cancelled) gives its probe's place back. Where slow calls open the circuit, a slow probe
 * is a failed one.
 *
 * Defaults: 5 failures of the last 10 calls (a burst of failures, at any rate of calls; of 60 s it
 * would open a busy edge at a hundredth of a per cent); half of the calls of 60 s, judged from 10
 * on; open 60 s, 30 s for a remote callee; 3 probes, 2 successes; constant open time.
 * Regimes: closed, open, half-open; forced-open, forced-closed, metrics-only by hand.
 * Stability: it opens at most once per `openMs`, and in between at most `probes` calls are out at
 * once, however the callee behaves; a callee that answers well again is closed after `openMs` and
 * `closeAfter` answers. No state waits for an event that may never come, but for calls themselves.
 * Source: M. Nygard, Release It!, 2007; the mission's table, row 1, and its mistakes 3 and 4.
 */
import { granted, IMPOSSIBLE, type Machine, refused } from '../admission/machine.ts';
import { assertNever } from '../config.ts';
import { isMeasure, own } from '../numbers.ts';
import type { AdmissionReason } from '../reasons.ts';
import { type BreakerConfig, breakerSettings } from './breaker-config.ts';
import { addCall, countsIn, EMPTY_WINDOW, judge, recut, thresholdOf } from './call-window.ts';
import type {
  BreakerInput,
  BreakerOutput,
  BreakerState,
  BreakerStats,
  Circuit,
  CircuitKind,
  CircuitTransition,
} from './circuit.ts';
import { advance, type Change, CLOSED, close, enter, HALF_OPEN, open } from './moves.ts';

type Input<Kind extends BreakerInput['kind']> = Extract<BreakerInput, { readonly kind: Kind }>;
type Answer = Pick<BreakerOutput, 'value' | 'reason' | 'terms' | 'waitMs'> &
  Partial<Pick<BreakerOutput, 'ticket'>>;
interface Next {
  readonly state: BreakerState;
  readonly answer: Answer;
}

const NO_STATS: BreakerStats = {
  admitted: 0,
  refused: 0,
  succeeded: 0,
  failed: 0,
  slow: 0,
  ignored: 0,
  late: 0,
  opened: 0,
};
export const circuitBreaker: Machine<BreakerConfig, BreakerState, BreakerInput, BreakerOutput> = {
  name: 'circuitBreaker',
  init: (config) => ({
    config: breakerSettings(config),
    circuit: CLOSED,
    generation: 1,
    lastMs: null,
    reopened: 0,
    openings: [],
    stats: NO_STATS,
  }),
  step,
  retune,
};

/** A window of another length keeps its counts, as if they had all come last. */
function retune(state: BreakerState, given: BreakerConfig): BreakerState {
  const config = breakerSettings(given);
  const { circuit, lastMs } = state;
  const judging = circuit.kind === 'closed' || circuit.kind === 'metrics-only';
  if (!judging || lastMs === null || config.windowMs === state.config.windowMs) {
    return { ...state, config };
  }
  const window = recut(circuit.window, config, lastMs);
  return { ...state, config, circuit: { ...circuit, window } };
}

function step(before: BreakerState, input: BreakerInput) {
  const { nowMs } = input;
  if (!Number.isFinite(nowMs)) {
    return { state: before, output: outputOf(before, IMPOSSIBLE, []) };
  }
  const transitions: CircuitTransition[] = [];
  const { state, answer } = handle(advance(before, nowMs, transitions), input, transitions);
  return { state, output: outputOf(state, answer, transitions) };
}

function outputOf(
  state: BreakerState,
  answer: Answer,
  transitions: readonly CircuitTransition[],
): BreakerOutput {
  const { value, reason, terms, waitMs, ticket = null } = answer;
  const { kind } = state.circuit;
  const { fallback } = state.config;
  return { value, reason, terms, waitMs, circuit: kind, ticket, transitions, fallback };
}

function handle(before: BreakerState, input: BreakerInput, transitions: CircuitTransition[]): Next {
  const state = { ...before, lastMs: input.nowMs };
  switch (input.kind) {
    case 'ask':
      return ask(state, input.nowMs);
    case 'result':
      return takeResult(state, input, transitions);
    case 'force':
      return force(state, input, transitions);
    case 'reset': {
      const change: Change = { cause: 'circuit-reset', nowMs: input.nowMs, transitions };
      return { state: close(state, change), answer: granted('circuit-reset', {}) };
    }
    case 'tick':
      return { state, answer: granted(REASON_OF[state.circuit.kind], {}) };
    default:
      return assertNever(input);
  }
}

const REASON_OF: { readonly [kind in CircuitKind]: AdmissionReason } = {
  closed: 'circuit-closed',
  open: 'circuit-open',
  'half-open': 'circuit-trial',
  'forced-open': 'circuit-forced-open',
  'forced-closed': 'circuit-forced-closed',
  'metrics-only': 'circuit-metrics-only',
};

function ask(state: BreakerState, nowMs: number): Next {
  const { circuit, config } = state;
  switch (circuit.kind) {
    case 'closed':
    case 'forced-closed':
    case 'metrics-only':
      return admit(state, null);
    case 'open':
      return turnAway(state, 'circuit-open', circuit.untilMs - nowMs);
    case 'forced-open':
      return turnAway(state, 'circuit-forced-open', null);
    case 'half-open': {
      const { out, nextId, successes } = circuit;
      const { probes } = config;
      if (out.length + successes >= probes) {
        return turnAway(state, 'circuit-probes-out', null, { probes, out: out.length, successes });
      }
      const sent = { ...circuit, out: [...out, { id: nextId, atMs: nowMs }], nextId: nextId + 1 };
      return admit({ ...state, circuit: sent }, nextId);
    }
    default:
      return assertNever(circuit);
  }
}

function admit(state: BreakerState, probe: number | null): Next {
  const stats = { ...state.stats, admitted: state.stats.admitted + 1 };
  const ticket = { generation: state.generation, probe };
  const { kind } = state.circuit;
  const reason = probe === null ? REASON_OF[kind] : 'circuit-probe';
  const terms = probe === null ? {} : { probe, probes: state.config.probes };
  return { state: { ...state, stats }, answer: { ...granted(reason, terms), ticket } };
}

function turnAway(
  state: BreakerState,
  reason: AdmissionReason,
  waitMs: number | null,
  terms: Answer['terms'] = {},
): Next {
  const stats = { ...state.stats, refused: state.stats.refused + 1 };
  return { state: { ...state, stats }, answer: refused(reason, waitMs, terms) };
}

function takeResult(
  before: BreakerState,
  input: Input<'result'>,
  transitions: CircuitTransition[],
): Next {
  const { ticket, outcome, durationMs, nowMs } = input;
  if (durationMs !== null && !isMeasure(durationMs)) {
    return { state: before, answer: IMPOSSIBLE };
  }
  const { config, circuit, stats } = before;
  const isOut =
    circuit.kind !== 'half-open' || circuit.out.some((probe) => probe.id === ticket.probe);
  if (ticket.generation !== before.generation || !isOut) {
    const state = { ...before, stats: { ...stats, late: stats.late + 1 } };
    return { state, answer: refused('result-late', null, {}) };
  }
  const meaning = own(config.outcomes, outcome) ?? 'failure';
  if (meaning === 'ignored') {
    const state = { ...before, stats: { ...stats, ignored: stats.ignored + 1 } };
    const answer = granted('result-ignored', {});
    return { state: withoutProbe(state, ticket.probe), answer };
  }
  const failed = meaning === 'failure';
  const slow = durationMs !== null && durationMs > config.slowMs;
  const state: BreakerState = { ...before, stats: withResult(stats, failed, slow) };
  switch (circuit.kind) {
    case 'closed':
    case 'metrics-only': {
      const window = addCall(circuit.window, config, { atMs: nowMs, failed, slow });
      return judged({ ...state, circuit: { ...circuit, window } }, nowMs, transitions);
    }
    case 'half-open':
      return probed(withoutProbe(state, ticket.probe), {
        well: !failed && !(slow && config.slowRatioAbove !== null),
        change: { cause: 'circuit-probe-failed', nowMs, transitions },
      });
    case 'forced-closed':
    case 'forced-open':
    case 'open':
      return { state, answer: granted('result-counted', {}) };
    default:
      return assertNever(circuit);
  }
}

function withResult(stats: BreakerStats, failed: boolean, slow: boolean): BreakerStats {
  return {
    ...stats,
    succeeded: stats.succeeded + (failed ? 0 : 1),
    failed: stats.failed + (failed ? 1 : 0),
    slow: stats.slow + (slow ? 1 : 0),
  };
}

function withoutProbe(state: BreakerState, id: number | null): BreakerState {
  const { circuit } = state;
  return circuit.kind === 'half-open'
    ? { ...state, circuit: { ...circuit, out: circuit.out.filter((probe) => probe.id !== id) } }
    : state;
}

function judged(state: BreakerState, nowMs: number, transitions: CircuitTransition[]): Next {
  const { circuit, config } = state;
  if (circuit.kind !== 'closed' && circuit.kind !== 'metrics-only') {
    return { state, answer: granted('result-counted', {}) };
  }
  const { reason, terms } = judge(circuit.window, config, nowMs);
  if (reason === null) {
    return { state, answer: granted('result-counted', terms) };
  }
  const opened =
    circuit.kind === 'closed' ? open(state, { cause: reason, nowMs, transitions }) : state;
  return { state: opened, answer: granted(reason, terms) };
}

function probed(
  state: BreakerState,
  result: { readonly well: boolean; readonly change: Change },
): Next {
  const { circuit, config } = state;
  if (circuit.kind !== 'half-open' || !result.well) {
    return { state: open(state, result.change), answer: granted('circuit-probe-failed', {}) };
  }
  const successes = circuit.successes + 1;
  const terms = { successes, closeAfter: config.closeAfter };
  if (successes >= config.closeAfter) {
    const change: Change = { ...result.change, cause: 'circuit-recovered' };
    return { state: close(state, change), answer: granted('circuit-recovered', terms) };
  }
  const trying = { ...state, circuit: { ...circuit, successes } };
  return { state: trying, answer: granted('circuit-probe-succeeded', terms) };
}

function force(
  state: BreakerState,
  { to, nowMs }: Input<'force'>,
  transitions: CircuitTransition[],
): Next {
  const into = (circuit: Circuit, cause: AdmissionReason): Next => ({
    state: enter(state, circuit, { cause, nowMs, transitions }),
    answer: granted(cause, {}),
  });
  switch (to) {
    case 'open':
      return into({ kind: 'forced-open' }, 'circuit-forced-open');
    case 'closed':
      return into({ kind: 'forced-closed' }, 'circuit-forced-closed');
    case 'metrics-only':
      return into({ kind: 'metrics-only', window: EMPTY_WINDOW }, 'circuit-metrics-only');
    case 'automatic':
      return automatic(state, { cause: 'circuit-automatic', nowMs, transitions });
    default:
      return assertNever(to);
  }
}

/** A circuit that was not forced stays as it is. */
function automatic(state: BreakerState, change: Change): Next {
  const answer = granted('circuit-automatic', {});
  switch (state.circuit.kind) {
    case 'forced-open':
      return { state: enter(state, HALF_OPEN, change), answer };
    case 'forced-closed':
    case 'metrics-only':
      return { state: close(state, change), answer };
    default:
      return { state, answer };
  }
}

/** What the breaker knows, as evidence for modes, invariants and the dashboard. */
export interface BreakerFigures {
  readonly circuit: CircuitKind;
  readonly calls: number;
  /** Null without calls: no traffic is not a success. */
  readonly failureRatio: number | null;
  readonly slowRatio: number | null;
  /** Failures that open it now; null: the count rule is off, or nothing is judged. */
  readonly threshold: number | null;
  readonly tripsPerMinute: number;
}

export function breakerFigures(state: BreakerState, nowMs: number): BreakerFigures {
  const { circuit, config, openings } = state;
  const judging = circuit.kind === 'closed' || circuit.kind === 'metrics-only';
  const window = judging ? circuit.window : EMPTY_WINDOW;
  const counts = countsIn(window, config, nowMs);
  const { calls, failures, slow } = counts;
  return {
    circuit: circuit.kind,
    calls,
    failureRatio: calls > 0 ? failures / calls : null,
    slowRatio: calls > 0 ? slow / calls : null,
    threshold: judging ? thresholdOf(config, counts) : null,
    tripsPerMinute: openings.filter((atMs) => atMs > nowMs - 60_000).length,
  };
}
