/** The flows of one priority class: one queue for each tenant, in order of start tags. */
import {
  dropWhile,
  EMPTY_FIFO,
  type Fifo,
  first,
  last,
  push,
  removeFirst,
  removeLast,
} from '../persistent/fifo.ts';

export interface QueuedItem {
  readonly id: string;
  readonly cost: number;
  readonly atMs: number;
}

export interface Flow {
  readonly tenant: string;
  /** Start tag of its first item, or of the next to come when it is empty. */
  readonly start: number;
  readonly items: Fifo<QueuedItem>;
}

/** Plain JSON. */
export interface PriorityClass {
  /** Start tag of the item served last. */
  readonly virtual: number;
  readonly flows: readonly Flow[];
  /** Items in all its flows. */
  readonly size: number;
}

export const EMPTY_CLASS: PriorityClass = { virtual: 0, flows: [], size: 0 };

export function flowIndex(flows: readonly Flow[], tenant: string): number {
  for (let at = 0; at < flows.length; at += 1) {
    if (flows[at]?.tenant === tenant) {
      return at;
    }
  }
  return -1;
}

/** Null: there is no room for another tenant. An idle one without debt makes room. */
export function offered(
  of: PriorityClass,
  tenant: string,
  { item, maxTenants }: { readonly item: QueuedItem; readonly maxTenants: number },
): PriorityClass | null {
  const at = flowIndex(of.flows, tenant);
  const size = of.size + 1;
  const flow = of.flows[at];
  if (flow !== undefined) {
    const start = flow.items.size === 0 ? Math.max(of.virtual, flow.start) : flow.start;
    const grown = { tenant, start, items: push(flow.items, item) };
    return { ...of, flows: of.flows.with(at, grown), size };
  }
  const kept =
    of.flows.length < maxTenants
      ? of.flows
      : of.flows.filter((each) => each.items.size > 0 || each.start > of.virtual);
  if (kept.length >= maxTenants) {
    return null;
  }
  const begun = { tenant, start: of.virtual, items: push(EMPTY_FIFO, item) };
  return { ...of, flows: [...kept, begun], size };
}

/** Index of the flow whose first item has the smallest start tag; -1: all are empty. */
export function nextFlow(of: PriorityClass): number {
  let best = -1;
  let smallest = Number.POSITIVE_INFINITY;
  for (let at = 0; at < of.flows.length; at += 1) {
    const { start, items } = of.flows[at] as Flow;
    if (items.size > 0 && start < smallest) {
      best = at;
      smallest = start;
    }
  }
  return best;
}

/** Its first item is served, and the tenant owes for it. */
export function served(of: PriorityClass, at: number, weight: number): PriorityClass {
  const flow = of.flows[at] as Flow;
  const cost = first(flow.items)?.cost ?? 0;
  const after = {
    tenant: flow.tenant,
    start: flow.start + cost / weight,
    items: removeFirst(flow.items),
  };
  return shrunk({ ...of, virtual: flow.start, flows: of.flows.with(at, after) }, of.size - 1);
}

/** Its last item is taken out again; the tenant owes nothing for it. */
export function withoutLast(of: PriorityClass, at: number): PriorityClass {
  const flow = of.flows[at] as Flow;
  const after = { ...flow, items: removeLast(flow.items) };
  return shrunk({ ...of, flows: of.flows.with(at, after) }, of.size - 1);
}

/** Without the items that waited too long; `gone` is told of each. */
export function swept(
  of: PriorityClass,
  untilMs: number,
  gone: (item: QueuedItem, tenant: string) => void,
): PriorityClass {
  if (!hasOverdue(of, untilMs)) {
    return of;
  }
  let size = of.size;
  const flows = of.flows.map((flow) => {
    const items = dropWhile(flow.items, (item) => {
      const isOver = item.atMs <= untilMs;
      if (isOver) {
        gone(item, flow.tenant);
      }
      return isOver;
    });
    size -= flow.items.size - items.size;
    return items === flow.items ? flow : { ...flow, items };
  });
  return shrunk({ ...of, flows }, size);
}

function hasOverdue(of: PriorityClass, untilMs: number): boolean {
  for (const flow of of.flows) {
    const oldest = first(flow.items);
    if (oldest !== undefined && oldest.atMs <= untilMs) {
      return true;
    }
  }
  return false;
}

/** With nothing left nobody owes anything, and the tags begin anew. */
function shrunk(of: PriorityClass, size: number): PriorityClass {
  return size === 0 ? EMPTY_CLASS : { ...of, size };
}

/** Index of the flow that is longest for its weight; -1: all are empty. */
export function longestFlow(
  of: PriorityClass,
  weightOf: (tenant: string) => number,
): { readonly at: number; readonly length: number } {
  let best = -1;
  let longest = 0;
  for (let at = 0; at < of.flows.length; at += 1) {
    const { tenant, items } = of.flows[at] as Flow;
    const length = items.size / weightOf(tenant);
    if (length > longest) {
      best = at;
      longest = length;
    }
  }
  return { at: best, length: longest };
}

export function lastItem(flow: Flow): QueuedItem | undefined {
  return last(flow.items);
}

export function firstItem(flow: Flow): QueuedItem | undefined {
  return first(flow.items);
}
