import { encodeResourceSpans, encodeSpan, type Sender } from './encode.ts';
import { MessageWriter } from './protobuf.ts';
import { Random } from './random.ts';
import { type MadeSpan, makeTrace } from './trace.ts';

/**
 * `whole`: all spans of a trace in one request, as a gateway sends them.
 * `scattered`: each span of a trace in another request, from another service.
 */
export type Shape = 'whole' | 'scattered';

export interface LoadShape {
  readonly shape: Shape;
  readonly spansPerTrace: number;
  /** Share of traces with an error, 0 to 1. */
  readonly errorShare: number;
  /** Share of traces that take longer than a second, 0 to 1. */
  readonly slowShare: number;
  readonly seed: number;
}

export const LOAD_SHAPE: LoadShape = {
  shape: 'whole',
  spansPerTrace: 4,
  errorShare: 0.04,
  slowShare: 0.001,
  seed: 1,
};

export const SPANS_PER_REQUEST = 512;
/** So many different bodies of a kind, each with ids of its own at every sending. */
const VARIANTS = 8;
const INSTANCES = 3;

const SERVICES = [
  'gateway',
  'orders',
  'payments',
  'ledger',
  'stock',
  'shipping',
  'prices',
  'customers',
];

/** An encoded request whose ids and times are still to be filled in. */
export interface BodyTemplate {
  readonly bytes: Uint8Array;
  readonly spans: number;
  /** Per span: its number in the group, that of its parent (-1: a root), its trace's number. */
  readonly spanOf: Int32Array;
  readonly parentOf: Int32Array;
  readonly traceOf: Int32Array;
  /** Per span: where the ids lie; parentAt is -1 in a root. */
  readonly traceAt: Int32Array;
  readonly spanAt: Int32Array;
  readonly parentAt: Int32Array;
  /** Where times lie and how long after the group's beginning they are. */
  readonly timeAt: Int32Array;
  readonly timeNs: Float64Array;
  /** Positions in this body of the spans of traces that have an error. */
  readonly failed: readonly number[];
}

/** Requests that share traces: one when they are whole, one per service when scattered. */
export interface GroupTemplate {
  /** In the order of sending: called services report before those who call them. */
  readonly bodies: readonly BodyTemplate[];
  readonly traces: number;
  readonly spans: number;
}

interface PlacedSpan {
  readonly message: MessageWriter;
  readonly span: number;
  readonly parent: number;
  readonly trace: number;
  readonly failed: boolean;
}

/** The groups of a load; the same seed makes the same bytes. */
export function makeGroups(load: LoadShape): GroupTemplate[] {
  const traces = new TraceSource(load);
  return Array.from({ length: VARIANTS }, (_, variant) =>
    load.shape === 'whole' ? wholeGroup(traces, load) : scatteredGroup(traces, load, variant),
  );
}

/** Makes traces of which exactly the wanted shares have an error or are slow. */
class TraceSource {
  readonly random: Random;
  private made = 0;
  private readonly load: LoadShape;

  constructor(load: LoadShape) {
    this.load = load;
    this.random = new Random(load.seed);
  }

  next(): MadeSpan[] {
    const { spansPerTrace: spans, errorShare, slowShare } = this.load;
    this.made += 1;
    const isTurn = (share: number) =>
      Math.floor(this.made * share) > Math.floor((this.made - 1) * share);
    return makeTrace(this.random, { spans, failed: isTurn(errorShare), slow: isTurn(slowShare) });
  }
}

function wholeGroup(source: TraceSource, load: LoadShape): GroupTemplate {
  const { random } = source;
  const traces = Math.max(1, Math.floor(SPANS_PER_REQUEST / load.spansPerTrace));
  const senders = new Map<string, { sender: Sender; spans: PlacedSpan[] }>();
  for (let trace = 0; trace < traces; trace += 1) {
    const spans = source.next();
    const first = random.below(SERVICES.length);
    const instance = random.below(INSTANCES);
    spans.forEach((span, index) => {
      const service = SERVICES[(first + span.hops) % SERVICES.length] as string;
      const key = `${service} ${instance}`;
      const entry = senders.get(key) ?? { sender: { service, instance }, spans: [] };
      senders.set(key, entry);
      entry.spans.push(placed(random, spans, { index, trace, service }));
    });
  }
  const body = bodyOf([...senders.values()]);
  return { bodies: [body], traces, spans: body.spans };
}

function scatteredGroup(source: TraceSource, load: LoadShape, variant: number): GroupTemplate {
  const { random } = source;
  const traces = SPANS_PER_REQUEST;
  const all = Array.from({ length: load.spansPerTrace }, (_, index) => ({
    sender: {
      service: SERVICES[index % SERVICES.length] as string,
      instance: (variant + index) % INSTANCES,
    },
    spans: [] as PlacedSpan[],
  }));
  for (let trace = 0; trace < traces; trace += 1) {
    const spans = source.next();
    for (const [index, { sender, spans: taken }] of all.entries()) {
      taken.push(placed(random, spans, { index, trace, service: sender.service }));
    }
  }
  const bodies = all.map((one) => bodyOf([one])).reverse();
  return { bodies, traces, spans: traces * load.spansPerTrace };
}

function placed(
  random: Random,
  spans: readonly MadeSpan[],
  { index, trace, service }: { index: number; trace: number; service: string },
): PlacedSpan {
  const span = spans[index] as MadeSpan;
  const first = trace * spans.length;
  return {
    message: encodeSpan(random, span, service),
    span: first + index,
    parent: span.parent < 0 ? -1 : first + span.parent,
    trace,
    failed: (spans[0] as MadeSpan).failed,
  };
}

function bodyOf(senders: readonly { sender: Sender; spans: PlacedSpan[] }[]): BodyTemplate {
  const request = new MessageWriter();
  for (const { sender, spans } of senders) {
    const messages = spans.map(({ message }) => message);
    request.message(1, encodeResourceSpans(sender, messages));
  }
  const spans = senders.flatMap((one) => one.spans);
  const placesOf = (kind: string) =>
    request.marks.filter((mark) => mark.kind === kind).map(({ at }) => at);
  const parents = placesOf('parentId');
  const times = request.marks.filter((mark) => mark.kind === 'time');
  let child = 0;
  return {
    bytes: request.finish(),
    spans: spans.length,
    spanOf: Int32Array.from(spans, ({ span }) => span),
    parentOf: Int32Array.from(spans, ({ parent }) => parent),
    traceOf: Int32Array.from(spans, ({ trace }) => trace),
    traceAt: Int32Array.from(placesOf('traceId')),
    spanAt: Int32Array.from(placesOf('spanId')),
    parentAt: Int32Array.from(spans, ({ parent }) => (parent < 0 ? -1 : (parents[child++] ?? -1))),
    timeAt: Int32Array.from(times, ({ at }) => at),
    timeNs: Float64Array.from(times, ({ offsetNs }) => offsetNs),
    failed: spans.flatMap(({ failed }, at) => (failed ? [at] : [])),
  };
}
