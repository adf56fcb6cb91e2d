/**
 * Weighted fair queue with priorities.
 *
 *     start(first item of a tenant) = max(virtual, start + cost / weight of the one before)
 *     in a class   the smallest start is next; virtual = its start
 *     of classes   the smallest  arrival of the class's next item + class x agingMs  is served
 *
 * Start-time fair queueing between the tenants of a class: each gets service in proportion to its
 * weight while it has items waiting, whatever the others offer; who was idle gains nothing by it.
 * Between classes the more urgent goes first, unless the other's item has waited agingMs longer for
 * each class between them: so nobody starves. When the queue is full, an item of a less urgent
 * class, or of the tenant of the same class with the longest queue for its weight, makes room from
 * its end; a tenant cannot keep others out by filling the queue.
 *
 * Defaults: 4 classes, 1 s of aging a class, 1000 items, 64 tenants a class, 30 s of waiting at
 * most, weight 1.
 * Regimes: empty, filling, full (pushing out or refusing).
 * Stability: open loop, always stable. For tenants i, j of one class with items waiting all the
 * time, |served_i / w_i - served_j / w_j| <= cost_i / w_i + cost_j / w_j (largest costs). Once an
 * item of class c is next in its class, only items of class k < c that came at most (c - k) agingMs
 * later go before it.
 * Source: P. Goyal, H. Vin, H. Cheng, Start-time Fair Queuing, 1996; the mission's table, row 26.
 */
import {
  type Admission,
  granted,
  IMPOSSIBLE,
  isCost,
  type Machine,
  type MachineInput,
  type MachineStep,
  refused,
} from '../admission/machine.ts';
import { assertNever } from '../config.ts';
import { mapFifo } from '../persistent/fifo.ts';
import type { AdmissionReason } from '../reasons.ts';
import {
  type FairQueueConfig,
  type FairQueueSettings,
  fairQueueSettings,
  weightOf,
} from './fair-queue-config.ts';
import {
  EMPTY_CLASS,
  type Flow,
  firstItem,
  flowIndex,
  lastItem,
  longestFlow,
  nextFlow,
  offered,
  type PriorityClass,
  type QueuedItem,
  served,
  swept,
  withoutLast,
} from './flows.ts';

/** Plain JSON. */
export interface FairQueueState {
  readonly config: FairQueueSettings;
  readonly lastMs: number | null;
  /** Items in all classes. */
  readonly size: number;
  /** By priority; one that was taken away by `retune` joins the last that is left. */
  readonly classes: readonly PriorityClass[];
}

export type FairQueueInput =
  | ({
      readonly kind: 'offer';
      /** The caller's name for it. */
      readonly id: string;
      readonly tenant: string;
      /** 0 is the most urgent. */
      readonly priority: number;
      /** Work it takes, above 0. Default 1. */
      readonly cost?: number;
    } & MachineInput)
  | ({ readonly kind: 'take' } & MachineInput)
  /** Time passes: what has waited too long is given back. */
  | ({ readonly kind: 'tick' } & MachineInput);

export interface QueueItem {
  readonly id: string;
  readonly tenant: string;
  readonly priority: number;
  readonly waitedMs: number;
}

export interface DroppedItem extends QueueItem {
  readonly cause: 'waited-too-long' | 'pushed-out';
}

/** `value`: the offer is queued; the take found an item. */
export interface FairQueueOutput extends Admission {
  readonly item: QueueItem | null;
  /** Items that will not be served: their callers are to be told. */
  readonly dropped: readonly DroppedItem[];
}

type Offer = Extract<FairQueueInput, { readonly kind: 'offer' }>;
type Stepped = MachineStep<FairQueueState, FairQueueOutput>;

export const fairQueue: Machine<FairQueueConfig, FairQueueState, FairQueueInput, FairQueueOutput> =
  {
    name: 'fairQueue',
    init: (config) => {
      const settings = fairQueueSettings(config);
      const classes = new Array<PriorityClass>(settings.priorities).fill(EMPTY_CLASS);
      return { config: settings, lastMs: null, size: 0, classes };
    },
    step,
    retune,
  };

/** Classes with items stay until they are empty, even when there are fewer from now on. */
function retune(state: FairQueueState, given: FairQueueConfig): FairQueueState {
  const config = fairQueueSettings(given);
  const classes = state.classes.slice();
  while (classes.length < config.priorities) {
    classes.push(EMPTY_CLASS);
  }
  while (classes.length > config.priorities && classes.at(-1)?.size === 0) {
    classes.pop();
  }
  return { ...state, config, classes };
}

function step(before: FairQueueState, input: FairQueueInput): Stepped {
  const { nowMs } = input;
  if (!Number.isFinite(nowMs)) {
    return { state: before, output: { ...IMPOSSIBLE, item: null, dropped: [] } };
  }
  const back = before.lastMs !== null && nowMs < before.lastMs;
  const state = { ...(back ? toNow(before, nowMs) : before), lastMs: nowMs };
  switch (input.kind) {
    case 'offer':
      return offer(state, input);
    case 'take':
      return take(state, nowMs);
    case 'tick': {
      const { state: kept, dropped } = sweep(state, nowMs);
      const answer = granted('queue-state', termsOf(kept));
      return { state: kept, output: { ...answer, item: null, dropped } };
    }
    default:
      return assertNever(input);
  }
}

/** The clock went back: nobody came later than now. */
function toNow(state: FairQueueState, nowMs: number): FairQueueState {
  const pulled = (item: QueuedItem): QueuedItem => ({
    ...item,
    atMs: Math.min(item.atMs, nowMs),
  });
  const classes = state.classes.map((of) => ({
    ...of,
    flows: of.flows.map((flow) => ({ ...flow, items: mapFifo(flow.items, pulled) })),
  }));
  return { ...state, classes };
}

interface Swept {
  readonly state: FairQueueState;
  readonly dropped: DroppedItem[];
}

function sweep(state: FairQueueState, nowMs: number): Swept {
  const dropped: DroppedItem[] = [];
  const untilMs = nowMs - state.config.maxWaitMs;
  const classes = state.classes.map((of, priority) =>
    swept(of, untilMs, ({ id, atMs }, tenant) => {
      const waitedMs = nowMs - atMs;
      dropped.push({ id, tenant, priority, waitedMs, cause: 'waited-too-long' });
    }),
  );
  return {
    state: dropped.length === 0 ? state : { ...state, classes, size: state.size - dropped.length },
    dropped,
  };
}

function offer(before: FairQueueState, input: Offer): Stepped {
  const { nowMs, id, tenant, priority, cost = 1 } = input;
  const { config } = before;
  const known = Number.isInteger(priority) && priority >= 0 && priority < config.priorities;
  if (!isCost(cost) || !known) {
    return { state: before, output: { ...IMPOSSIBLE, item: null, dropped: [] } };
  }
  const depth = depthOf(before, priority, tenant);
  const full = before.size >= config.maxItems || depth >= config.maxPerTenant;
  const { state, dropped } = full ? sweep(before, nowMs) : { state: before, dropped: [] };
  if (full && depthOf(state, priority, tenant) >= config.maxPerTenant) {
    return turnedAway(state, 'queue-tenant-full', dropped);
  }
  const { maxTenants } = config;
  const queued = { item: { id, cost, atMs: nowMs }, maxTenants };
  // Before anybody is pushed out for it.
  const fitting = offered(classAt(state, priority), tenant, queued);
  if (fitting === null) {
    return turnedAway(state, 'queue-tenants-full', dropped);
  }
  const roomy = state.size < config.maxItems ? state : pushOut(state, input, dropped);
  if (roomy === null) {
    return turnedAway(state, 'queue-no-room', dropped);
  }
  const grown =
    roomy === state ? fitting : (offered(classAt(roomy, priority), tenant, queued) ?? fitting);
  const next = withClass(roomy, priority, grown);
  const answer = granted('queue-accepted', termsOf(next));
  return { state: next, output: { ...answer, item: null, dropped } };
}

function turnedAway(
  state: FairQueueState,
  reason: AdmissionReason,
  dropped: readonly DroppedItem[],
): Stepped {
  const answer = refused(reason, null, termsOf(state));
  return { state, output: { ...answer, item: null, dropped } };
}

/** Room at the cost of somebody less urgent or greedier; null: there is nobody. */
function pushOut(
  state: FairQueueState,
  { nowMs, tenant, priority }: Offer,
  dropped: DroppedItem[],
): FairQueueState | null {
  const weigh = (each: string) => weightOf(state.config, each);
  for (let at = state.classes.length - 1; at >= priority; at -= 1) {
    const of = classAt(state, at);
    const longest = longestFlow(of, weigh);
    const own = (depthOf(state, priority, tenant) + 1) / weigh(tenant);
    const flow = of.flows[longest.at];
    const item = flow === undefined ? undefined : lastItem(flow);
    if (flow !== undefined && item !== undefined && (at > priority || longest.length > own)) {
      const waitedMs = nowMs - item.atMs;
      const victim = { id: item.id, tenant: flow.tenant, priority: at, waitedMs };
      dropped.push({ ...victim, cause: 'pushed-out' });
      return withClass(state, at, withoutLast(of, longest.at));
    }
  }
  return null;
}

interface Candidate {
  readonly priority: number;
  readonly at: number;
  readonly flow: Flow;
  readonly item: QueuedItem;
}

function take(before: FairQueueState, nowMs: number): Stepped {
  const { maxWaitMs } = before.config;
  let candidate = nextOf(before);
  let state = before;
  let dropped: DroppedItem[] = [];
  if (candidate !== null && nowMs - candidate.item.atMs >= maxWaitMs) {
    ({ state, dropped } = sweep(before, nowMs));
    candidate = nextOf(state);
  }
  if (candidate === null) {
    const answer = refused('queue-empty', null, termsOf(state));
    return { state, output: { ...answer, item: null, dropped } };
  }
  const { priority, at, flow, item } = candidate;
  const weight = weightOf(state.config, flow.tenant);
  const next = withClass(state, priority, served(classAt(state, priority), at, weight));
  const waitedMs = nowMs - item.atMs;
  const answer = granted('queue-taken', { ...termsOf(next), waitedMs, priority });
  const taken = { id: item.id, tenant: flow.tenant, priority, waitedMs };
  return { state: next, output: { ...answer, item: taken, dropped } };
}

/** Each class offers one item; the one that should have been served first is next. */
function nextOf(state: FairQueueState): Candidate | null {
  let best: Candidate | null = null;
  let earliest = Number.POSITIVE_INFINITY;
  for (let priority = 0; priority < state.classes.length; priority += 1) {
    const of = classAt(state, priority);
    const at = of.size === 0 ? -1 : nextFlow(of);
    const flow = of.flows[at];
    const item = flow === undefined ? undefined : firstItem(flow);
    const dueMs = (item?.atMs ?? 0) + priority * state.config.agingMs;
    if (flow !== undefined && item !== undefined && dueMs < earliest) {
      best = { priority, at, flow, item };
      earliest = dueMs;
    }
  }
  return best;
}

function classAt(state: FairQueueState, priority: number): PriorityClass {
  return state.classes[priority] ?? EMPTY_CLASS;
}

function withClass(state: FairQueueState, priority: number, of: PriorityClass): FairQueueState {
  const size = state.size - classAt(state, priority).size + of.size;
  return { ...state, size, classes: state.classes.with(priority, of) };
}

function depthOf(state: FairQueueState, priority: number, tenant: string): number {
  const { flows } = classAt(state, priority);
  return flows[flowIndex(flows, tenant)]?.items.size ?? 0;
}

function termsOf(state: FairQueueState): Admission['terms'] {
  return { depth: state.size, maxItems: state.config.maxItems };
}
