import {
  Rendezvous,
  reframe,
  type SpanTable,
  shrinkBody,
  type TraceView,
  takeOut,
} from '@flyball/tracing';
import type { Sharding, SpanOrigin } from '../pipeline/sharding.port.ts';
import type { Busy } from '../receive/intake.ts';
import type { Forwarder } from './forwarder.ts';

/** Members of one kind: the collectors, or the workers of this one. */
export interface Members {
  readonly self: string;
  /** By name; undefined: it owns its traces, but nothing can be sent to it. */
  readonly others: ReadonlyMap<string, Forwarder | undefined>;
}

/** Who owned traces since a moment. */
interface Era {
  readonly sinceMs: number;
  readonly ring: Rendezvous;
  readonly self: number;
}

interface Level {
  readonly era: Era;
  /** By position in the ring; undefined for the member itself and for those out of reach. */
  readonly forwarders: readonly (Forwarder | undefined)[];
}

export interface AffinityEvents {
  forwarded(to: 'collector' | 'worker', spans: number, bytes: number): void;
  /** Spans whose owner is away, and which are therefore decided here. */
  keptHere(spans: number): void;
  /** A trace was decided here, parts of which may have been decided elsewhere. */
  split(): void;
}

const FULL: Busy = {
  kind: 'busy',
  message: 'the spans of another member wait for it, and no more can; send again',
  retryAfterMs: 1000,
};

/** Eras longer ago than any trace waits are of no use. */
const MAX_WAIT_MS = 3_600_000;
const MAX_ERAS = 64;

/**
 * Sends each span to the member that owns its trace: first to a collector, then to one of its
 * workers. How many workers another collector has is its own affair, and a request that came from
 * one is never sent on to a third, so collectors that disagree for a moment cannot send spans in
 * circles.
 */
export class Affinity implements Sharding {
  #collectors: Level = alone();
  #workers: Level = alone();
  #eras: Era[] = [];
  /** By span: 1 when it goes to another member. */
  #goes = new Uint8Array(1024);
  readonly #events: AffinityEvents;
  readonly #now: () => number;

  constructor(events: AffinityEvents, now: () => number) {
    this.#events = events;
    this.#now = now;
  }

  /** Spans that arrive from now on go to these; what waits here is decided here. */
  setCollectors(members: Members): void {
    this.#collectors = levelOf(members, this.#now());
    const oldest = this.#now() - MAX_WAIT_MS;
    const kept = this.#eras.filter((_, at) => (this.#eras[at + 1]?.sinceMs ?? oldest + 1) > oldest);
    this.#eras = [...kept, this.#collectors.era].slice(-MAX_ERAS);
  }

  setWorkers(members: Members): void {
    this.#workers = levelOf(members, this.#now());
  }

  place(table: SpanTable, origin: SpanOrigin): Busy | undefined {
    if (origin === 'worker') return undefined;
    const collectors = origin === 'collector' ? undefined : this.#collectors;
    if (!several(collectors) && !several(this.#workers)) return undefined;
    const shares = this.#sharesOf(table, several(collectors) ? collectors : undefined);
    if (shares.size === 0) return undefined;
    const requests: [Forwarder, Uint8Array<ArrayBuffer>, number][] = [];
    for (const [forwarder, spans] of shares) {
      const request = reframe(table, spans);
      if (!forwarder.room(request.length)) return FULL;
      requests.push([forwarder, request, spans.length]);
    }
    takeOut(table, this.#goes);
    shrinkBody(table);
    for (const [forwarder, request, spans] of requests) {
      forwarder.push(request);
      const to = this.#workers.forwarders.includes(forwarder) ? 'worker' : 'collector';
      this.#events.forwarded(to, spans, request.length);
    }
    return undefined;
  }

  decided(trace: TraceView): void {
    if (trace.spans.count === 0 || this.#eras.length === 0) return;
    for (let at = this.#eras.length - 1; at >= 0; at -= 1) {
      const { ring, self, sinceMs } = this.#eras[at] as Era;
      if (ring.ownerOf(trace.spans, 0) !== self) {
        this.#events.split();
        return;
      }
      if (sinceMs <= trace.firstSeenMs) return;
    }
  }

  /** Notes which spans go, and returns them by where to. */
  #sharesOf(table: SpanTable, collectors: Level | undefined): Map<Forwarder, number[]> {
    const { count } = table;
    if (this.#goes.length < count) this.#goes = new Uint8Array(count * 2);
    const shares = new Map<Forwarder, number[]>();
    let keptHere = 0;
    for (let span = 0; span < count; span += 1) {
      let to = collectors && wayOf(collectors, table, span);
      if (to?.accepting === false) {
        keptHere += 1;
        to = undefined;
      }
      to ??= wayOf(this.#workers, table, span);
      const goes = to?.accepting === true;
      this.#goes[span] = goes ? 1 : 0;
      if (to !== undefined && goes) share(shares, to, span);
    }
    if (keptHere > 0) this.#events.keptHere(keptHere);
    return shares;
  }
}

/** The way to the owner of a span's trace; undefined when that is ourselves. */
function wayOf({ era, forwarders }: Level, table: SpanTable, span: number): Forwarder | undefined {
  return forwarders[era.ring.ownerOf(table, span)];
}

function share(shares: Map<Forwarder, number[]>, forwarder: Forwarder, span: number): void {
  const known = shares.get(forwarder);
  if (known === undefined) shares.set(forwarder, [span]);
  else known.push(span);
}

function several(level: Level | undefined): boolean {
  return level !== undefined && level.forwarders.length > 1;
}

function alone(): Level {
  return levelOf({ self: 'self', others: new Map() }, 0);
}

function levelOf({ self, others }: Members, sinceMs: number): Level {
  const ring = new Rendezvous([self, ...others.keys()]);
  const forwarders = ring.members.map((name) => others.get(name));
  return { era: { sinceMs, ring, self: ring.members.indexOf(self) }, forwarders };
}
