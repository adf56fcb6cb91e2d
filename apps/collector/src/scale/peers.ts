import type { Logger } from 'pino';
import type { Collector } from '../collector.ts';
import type { PipelineIntake } from '../pipeline/intake.ts';
import type { SpanOrigin } from '../pipeline/sharding.port.ts';
import type { TracePipeline } from '../pipeline/traces.ts';
import type { Outcome } from '../receive/intake.ts';
import { Affinity } from './affinity.ts';
import { FORWARDER_DEFAULTS, Forwarder, type ForwarderOptions } from './forwarder.ts';
import type { Member, View } from './lease.port.ts';
import { httpLink } from './link.http.ts';
import type { Link, LinkAnswer } from './link.port.ts';
import { type ScaleMetrics, scaleMetrics } from './metrics.ts';
import { Others } from './others.ts';

export interface PeersParts {
  readonly traces: TracePipeline;
  readonly intake: PipelineIntake;
  readonly metrics: ScaleMetrics;
  readonly log: Logger;
  /** What collectors show each other. */
  readonly token: string;
  readonly options: ForwarderOptions;
  /** Wall clock, epoch ms. */
  readonly now: () => number;
  /** Monotonic clock, ms. */
  readonly elapsed: () => number;
}

const TICK_MS = 10;

const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** The other collectors and workers, as one pipeline sees them. */
export class Peers {
  private readonly affinity: Affinity;
  /** By address and generation: another process at an address is another peer. */
  private collectors = new Map<string, Forwarder>();
  private workers = new Map<string, Forwarder>();
  private stopping = false;
  /** The collectors among them, for what is not about spans. */
  readonly others: Others;
  private readonly timer: NodeJS.Timeout;
  private readonly parts: PeersParts;

  constructor(parts: PeersParts) {
    this.parts = parts;
    const { metrics, now } = parts;
    this.others = new Others(parts.token, parts.log);
    this.affinity = new Affinity(metrics.affinity, now);
    parts.traces.sharding = this.affinity;
    metrics.queued(() => this.queuedBytes());
    metrics.members(() => this.others.members.length + 1);
    this.timer = setInterval(() => this.tick(), TICK_MS);
    this.timer.unref();
  }

  /** Traces are shared with these from now on. */
  setCollectors({ self, others, reachable }: View): void {
    const before = this.collectors;
    this.others.members = reachable ? others : [];
    this.collectors = new Map();
    const ways = new Map<string, Forwarder | undefined>();
    for (const member of others) {
      const key = `${member.address} ${member.generation}`;
      const way = reachable ? (before.get(key) ?? this.collector(member)) : undefined;
      if (way !== undefined) this.collectors.set(key, way);
      ways.set(member.address, way);
    }
    this.affinity.setCollectors({ self: self.address, others: ways });
    // Only now: what they return goes to those who own it from now on.
    for (const [key, forwarder] of before) if (!this.collectors.has(key)) forwarder.close();
  }

  setWorkers(self: string, links: ReadonlyMap<string, Link>): void {
    this.workers = new Map(
      [...links].map(([name, link]) => [name, this.forwarder(name, link, 'worker')]),
    );
    this.affinity.setWorkers({ self, others: this.workers });
  }

  /** Spans that another member has sent here, because they are ours. */
  take(batch: Uint8Array, origin: 'collector' | 'worker'): Outcome {
    const { intake, traces, metrics, now } = this.parts;
    const busy = intake.busy();
    // Workers stop together: what one has for another is taken until all have stopped.
    if (busy !== undefined && (origin === 'collector' || busy.kind === 'busy')) return busy;
    const outcome = traces.receive('protobuf', batch, now(), origin);
    if (outcome.kind === 'accepted') metrics.taken.add({ from: origin });
    return outcome;
  }

  /** Hands over what waits; what cannot be handed over within the time is decided here. */
  async drain(withinMs: number): Promise<void> {
    const startedMs = this.parts.elapsed();
    this.stopping = true;
    while (this.queuedBytes() > 0 && this.parts.elapsed() - startedMs < withinMs) {
      for (const forwarder of this.all()) forwarder.tick(true);
      await sleep(5);
    }
    clearInterval(this.timer);
    this.parts.traces.sharding = undefined;
    for (const forwarder of this.all()) forwarder.close();
  }

  private queuedBytes(): number {
    return this.all().reduce((sum, forwarder) => sum + forwarder.bytes, 0);
  }

  private all(): Forwarder[] {
    return [...this.collectors.values(), ...this.workers.values()];
  }

  private tick(): void {
    for (const forwarder of this.all()) forwarder.tick();
  }

  private collector(member: Member): Forwarder {
    const link = httpLink(member, this.parts.token);
    return this.forwarder(member.address, link, 'collector');
  }

  private forwarder(name: string, link: Link, kind: 'collector' | 'worker'): Forwarder {
    const { log, metrics, options, elapsed } = this.parts;
    const events = {
      returned: (batch: Uint8Array, why: 'away' | 'left') =>
        this.takeBack(batch, why === 'left' ? 'rehomed' : kind),
      unsure: () => metrics.unsure.add({ to: kind }),
      failed: () => metrics.failures.add({ to: kind }),
      away: (error: Error) =>
        log.warn({ member: name, err: error.message }, 'a member is away; its traces are ours'),
      back: () => log.info({ member: name }, 'the member is back'),
    };
    return new Forwarder(link, { ...options, sure: kind === 'worker' }, events, elapsed);
  }

  /** What is wrong with the ways to other members, undefined when nothing is. */
  trouble(): string | undefined {
    const ways = [...this.collectors, ...this.workers];
    const told = ways.flatMap(([key, { trouble }]) => {
      return trouble === undefined ? [] : [`${key.split(' ', 1)[0]} ${trouble}`];
    });
    return told.length === 0 ? undefined : told.join('; ');
  }

  /** Acknowledged before, so never refused: if need be these spans are decided here. */
  private takeBack(batch: Uint8Array, origin: SpanOrigin): void {
    const { traces, metrics, now } = this.parts;
    const before = traces.read;
    const wanted = this.stopping ? 'worker' : origin;
    traces.receive('protobuf', batch, now(), wanted);
    // Nothing was read when the queue to their owner is full. A disk that refuses is no reason to
    // measure them again: their rows wait for it.
    if (traces.read === before) traces.receive('protobuf', batch, now(), 'worker');
    metrics.returned.add({}, traces.read - before);
  }
}

/** What the sending worker is told. */
export function linkAnswerOf(outcome: Outcome): LinkAnswer {
  switch (outcome.kind) {
    case 'accepted':
      return { kind: 'taken' };
    case 'busy':
    case 'stopping':
      return { kind: 'busy', retryAfterMs: Math.min(100, outcome.retryAfterMs) };
    case 'invalid':
    case 'too_large':
      return { kind: 'refused', message: outcome.message };
  }
}

/** A member that is busy for a moment is not away. */
const MIN_SEND_TIMEOUT_MS = 1000;

/** The others, as a collector or one of its workers sees them; none, to begin with. */
export function openPeers(collector: Collector): Peers {
  const { config, traces, intake, registry, log, environment, now } = collector;
  const { maxQueue: maxBytes, giveUpAfter: giveUpAfterMs } = config.cluster;
  const sendTimeoutMs = Math.max(MIN_SEND_TIMEOUT_MS, giveUpAfterMs);
  return new Peers({
    traces,
    intake,
    log,
    metrics: scaleMetrics(registry),
    token: environment.guardToken ?? '',
    options: { ...FORWARDER_DEFAULTS, maxBytes, giveUpAfterMs, sendTimeoutMs },
    now,
    elapsed: () => performance.now(),
  });
}
