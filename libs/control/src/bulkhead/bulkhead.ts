/**
 * Bulkhead: a bounded number of calls to one dependency at once, and a bounded queue before it.
 *
 *     enter  running < maxConcurrent, nobody queued  -> runs
 *            queued < maxQueue                       -> queued, at most queueTimeoutMs
 *            otherwise                               -> refused at once
 *     leave  a place is free: the oldest in the queue runs
 *
 * One bulkhead for each dependency, so that a slow one holds up its own calls and no others. Each
 * call has a ticket: leaving twice frees one place, and a call that gives up while queued leaves
 * with the same word. With `holdTimeoutMs` a place whose call never came back is free again after
 * that long; the call may then still run, so set it well above the call's own time-out.
 *
 * Defaults: 10 at once (by Little's law 100/s of 100 ms), 100 queued, 1 s in the queue; no hold
 * time-out. A queue of maxConcurrent x queueTimeoutMs / S is as long as can be served in time.
 * Regimes: places free, queueing, full.
 * Stability: open loop, always stable; running <= maxConcurrent and queued <= maxQueue at any time,
 * and nobody waits longer than queueTimeoutMs from the instant it is told.
 * Source: M. Nygard, Release It!, 2007; the mission's table, row 12.
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
import { assertNever, requirePositive, requireThat } from '../config.ts';
import {
  dropWhile,
  EMPTY_FIFO,
  type Fifo,
  first,
  mapFifo,
  placeOf,
  push,
  removeAt,
  removeFirst,
} from '../persistent/fifo.ts';

export interface BulkheadConfig {
  /** Calls at once, at most 1,024. Default 10. */
  readonly maxConcurrent?: number;
  /** Calls waiting, at most 4,096; 0: nobody waits. Default 100. */
  readonly maxQueue?: number;
  /** Default 1 s. */
  readonly queueTimeoutMs?: number;
  /** A place is free again after this long, whatever became of the call; null: never. Default. */
  readonly holdTimeoutMs?: number | null;
}

interface Call {
  readonly ticket: number;
  readonly atMs: number;
}

/** Totals since the beginning. */
export interface BulkheadStats {
  readonly entered: number;
  readonly rejected: number;
  /** Left the queue because their time was over. */
  readonly timedOut: number;
  /** Places taken back by `holdTimeoutMs`. */
  readonly lost: number;
}

/** Plain JSON. */
export interface BulkheadState {
  readonly config: Required<BulkheadConfig>;
  readonly lastMs: number | null;
  readonly nextTicket: number;
  /** In order of their start, and so of their tickets. */
  readonly running: Fifo<Call>;
  readonly queue: Fifo<Call>;
  readonly stats: BulkheadStats;
}

export type BulkheadInput =
  | ({ readonly kind: 'enter' } & MachineInput)
  /** Finished, failed, or no longer interested. */
  | ({ readonly kind: 'leave'; readonly ticket: number } & MachineInput)
  /** Time passes, nothing else: to be called when a wait may be over. */
  | ({ readonly kind: 'tick' } & MachineInput);

/** `value` of enter: the call has a place, to run or to wait. */
export interface BulkheadOutput extends Admission {
  /** Of the call that entered; null otherwise. */
  readonly ticket: number | null;
  readonly place: 'running' | 'queued' | null;
  /** Tickets that were queued and run from now on, in order. */
  readonly started: readonly number[];
  /** Tickets whose time in the queue is over: they are to be refused. */
  readonly timedOut: readonly number[];
}

const MOST_CONCURRENT = 1_024;
const MOST_QUEUED = 4_096;
const NOTHING = { ticket: null, place: null, started: [], timedOut: [] } as const;

export const bulkhead: Machine<BulkheadConfig, BulkheadState, BulkheadInput, BulkheadOutput> = {
  name: 'bulkhead',
  init: (config) => ({
    config: settingsOf(config),
    lastMs: null,
    nextTicket: 1,
    running: EMPTY_FIFO,
    queue: EMPTY_FIFO,
    stats: { entered: 0, rejected: 0, timedOut: 0, lost: 0 },
  }),
  step,
  /** With fewer places nobody is sent away: nobody starts until enough have left. */
  retune: (state, config) => ({ ...state, config: settingsOf(config) }),
};

function settingsOf(config: BulkheadConfig): Required<BulkheadConfig> {
  const { maxConcurrent = 10, maxQueue = 100, queueTimeoutMs = 1_000 } = config;
  const { holdTimeoutMs = null } = config;
  const some =
    Number.isInteger(maxConcurrent) && maxConcurrent >= 1 && maxConcurrent <= MOST_CONCURRENT;
  const places = `a whole number from 1 to ${MOST_CONCURRENT}`;
  requireThat(some, 'maxConcurrent', maxConcurrent, places);
  const bounded = Number.isInteger(maxQueue) && maxQueue >= 0 && maxQueue <= MOST_QUEUED;
  requireThat(bounded, 'maxQueue', maxQueue, `a whole number from 0 to ${MOST_QUEUED}`);
  requirePositive('queueTimeoutMs', queueTimeoutMs);
  if (holdTimeoutMs !== null) {
    requirePositive('holdTimeoutMs', holdTimeoutMs);
  }
  return { maxConcurrent, maxQueue, queueTimeoutMs, holdTimeoutMs };
}

function step(
  before: BulkheadState,
  input: BulkheadInput,
): MachineStep<BulkheadState, BulkheadOutput> {
  const { nowMs } = input;
  if (!Number.isFinite(nowMs)) {
    return { state: before, output: { ...IMPOSSIBLE, ...NOTHING } };
  }
  const timedOut: number[] = [];
  const started: number[] = [];
  const state = filled(advanced(before, nowMs, timedOut), nowMs, started);
  switch (input.kind) {
    case 'enter':
      return entered(state, nowMs, { started, timedOut });
    case 'leave': {
      const left = without(state, input.ticket);
      const after = left === null ? state : filled(left, nowMs, started);
      const reason = left === null ? 'bulkhead-unknown' : 'bulkhead-left';
      const terms = termsOf(after);
      const answer = left === null ? refused(reason, null, terms) : granted(reason, terms);
      return { state: after, output: { ...answer, ...NOTHING, started, timedOut } };
    }
    case 'tick': {
      const answer = granted('bulkhead-state', termsOf(state));
      return { state, output: { ...answer, ...NOTHING, started, timedOut } };
    }
    default:
      return assertNever(input);
  }
}

/** What time alone does; the tickets whose wait is over are noted. */
function advanced(before: BulkheadState, nowMs: number, timedOut: number[]): BulkheadState {
  const state = before.lastMs !== null && nowMs < before.lastMs ? toNow(before, nowMs) : before;
  const { queueTimeoutMs, holdTimeoutMs } = state.config;
  const queue = dropWhile(state.queue, (call) => {
    const isOver = nowMs - call.atMs >= queueTimeoutMs;
    if (isOver) {
      timedOut.push(call.ticket);
    }
    return isOver;
  });
  const running =
    holdTimeoutMs === null
      ? state.running
      : dropWhile(state.running, (call) => nowMs - call.atMs >= holdTimeoutMs);
  const { stats } = state;
  const lost = state.running.size - running.size;
  return {
    ...state,
    lastMs: nowMs,
    running,
    queue,
    stats:
      lost + timedOut.length === 0
        ? stats
        : { ...stats, timedOut: stats.timedOut + timedOut.length, lost: stats.lost + lost },
  };
}

/** The clock went back: nothing that is remembered lies ahead. */
function toNow(state: BulkheadState, nowMs: number): BulkheadState {
  const pulled = (call: Call): Call => ({ ...call, atMs: Math.min(call.atMs, nowMs) });
  return { ...state, running: mapFifo(state.running, pulled), queue: mapFifo(state.queue, pulled) };
}

/** Free places go to the queue, oldest first; the tickets are noted. */
function filled(state: BulkheadState, nowMs: number, started: number[]): BulkheadState {
  const { maxConcurrent } = state.config;
  let { queue, running } = state;
  let next = first(queue);
  if (next === undefined || running.size >= maxConcurrent) {
    return state;
  }
  while (next !== undefined && running.size < maxConcurrent) {
    running = push(running, { ticket: next.ticket, atMs: nowMs });
    started.push(next.ticket);
    queue = removeFirst(queue);
    next = first(queue);
  }
  return { ...state, running, queue };
}

function entered(
  state: BulkheadState,
  nowMs: number,
  told: Pick<BulkheadOutput, 'started' | 'timedOut'>,
): MachineStep<BulkheadState, BulkheadOutput> {
  const { config, running, queue, stats, nextTicket } = state;
  const call = { ticket: nextTicket, atMs: nowMs };
  const runs = running.size < config.maxConcurrent;
  if (!runs && queue.size >= config.maxQueue) {
    const next = { ...state, stats: { ...stats, rejected: stats.rejected + 1 } };
    const answer = refused('bulkhead-full', null, termsOf(next));
    return { state: next, output: { ...answer, ...NOTHING, ...told } };
  }
  const next: BulkheadState = {
    ...state,
    nextTicket: nextTicket + 1,
    running: runs ? push(running, call) : running,
    queue: runs ? queue : push(queue, call),
    stats: { ...stats, entered: stats.entered + 1 },
  };
  const answer = granted(runs ? 'bulkhead-entered' : 'bulkhead-queued', termsOf(next));
  const place = runs ? 'running' : 'queued';
  return { state: next, output: { ...answer, ticket: nextTicket, place, ...told } };
}

/** Null: the ticket is neither running nor queued. */
function without(state: BulkheadState, ticket: number): BulkheadState | null {
  const running = placeOf(state.running, ticket, ticketOf);
  if (running !== null) {
    return { ...state, running: removeAt(state.running, running) };
  }
  const queued = placeOf(state.queue, ticket, ticketOf);
  return queued === null ? null : { ...state, queue: removeAt(state.queue, queued) };
}

function ticketOf(call: Call): number {
  return call.ticket;
}

function termsOf(state: BulkheadState): Admission['terms'] {
  const { maxConcurrent, maxQueue } = state.config;
  const running = state.running.size;
  return { running, maxConcurrent, queued: state.queue.size, maxQueue };
}

/** What the bulkhead knows, as evidence. */
export interface BulkheadFigures extends BulkheadStats {
  /** Running over places; above 1 while the places were made fewer. */
  readonly utilization: number;
  readonly queueDepth: number;
  /** Depth over room; null without a queue. */
  readonly queueUse: number | null;
}

export function bulkheadFigures(state: BulkheadState): BulkheadFigures {
  const { maxConcurrent, maxQueue } = state.config;
  return {
    ...state.stats,
    utilization: state.running.size / maxConcurrent,
    queueDepth: state.queue.size,
    queueUse: maxQueue === 0 ? null : state.queue.size / maxQueue,
  };
}
