import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { proto } from '../../libs/tracing/src/otlp/proto.fixture.ts';
import { FreshGroups, PREFIX } from '../support/load/fresh.ts';
import { type AcceptedRequest, type LoadOptions, startLoad } from '../support/load/load.ts';
import { Random } from '../support/load/random.ts';
import { LOAD_SHAPE, makeGroups, type Shape } from '../support/load/template.ts';
import { encode } from './otlp-messages.ts';

interface ReadSpan {
  traceId: string;
  spanId: string;
  parentSpanId: string;
  service: string;
  startMs: number;
  endMs: number;
  failed: boolean;
}

interface Decoded {
  resourceSpans: {
    resource: { attributes: { value: { stringValue: string } }[] };
    scopeSpans: { spans: Record<string, Uint8Array & string & { code?: number }>[] }[];
  }[];
}

const hex = (bytes: Uint8Array | undefined) => Buffer.from(bytes ?? []).toString('hex');

/** What an independent decoder sees. */
function read(body: Uint8Array): ReadSpan[] {
  const type = proto('TraceRequest');
  const decoded = type.toObject(type.decode(body), { longs: Number }) as Decoded;
  return decoded.resourceSpans.flatMap(({ resource, scopeSpans }) =>
    scopeSpans.flatMap(({ spans }) =>
      spans.map((span) => ({
        traceId: hex(span.traceId),
        spanId: hex(span.spanId),
        parentSpanId: hex(span.parentSpanId),
        service: resource.attributes[0]?.value.stringValue ?? '',
        startMs: Number(span.startTimeUnixNano) / 1e6,
        endMs: Number(span.endTimeUnixNano) / 1e6,
        failed: span.status?.code === 2,
      })),
    ),
  );
}

const NOW_MS = 1_800_000_000_000;

function groupsOf(shape: Shape): ReadSpan[][][] {
  const fresh = new FreshGroups(new Random(3));
  return makeGroups({ ...LOAD_SHAPE, shape }).map((group) =>
    fresh.make(group, NOW_MS).map(({ framed }) => read(framed.subarray(PREFIX))),
  );
}

test.each(['whole', 'scattered'] as const)('%s: traces are complete trees in time', (shape) => {
  const spans = groupsOf(shape).flat(2);
  const byId = new Map(spans.map((span) => [span.spanId, span]));
  expect(byId.size).toBe(spans.length);
  for (const trace of Map.groupBy(spans, ({ traceId }) => traceId).values()) {
    expect(trace).toHaveLength(4);
    expect(trace.filter(({ parentSpanId }) => parentSpanId === '')).toHaveLength(1);
  }
  for (const span of spans) {
    expect(span.endMs).toBeLessThanOrEqual(NOW_MS);
    const parent = byId.get(span.parentSpanId);
    if (parent === undefined) continue;
    expect(parent.traceId).toBe(span.traceId);
    expect(span.startMs).toBeGreaterThanOrEqual(parent.startMs);
    expect(span.endMs).toBeLessThanOrEqual(parent.endMs);
    // An error is passed up to the root.
    expect(parent.failed || !span.failed).toBe(true);
  }
});

test('a request has 512 spans; four traces in a hundred fail, one in a thousand is slow', () => {
  for (const [shape, requests] of [
    ['whole', 1],
    ['scattered', 4],
  ] as const) {
    const groups = groupsOf(shape);
    expect(groups.every((group) => group.length === requests)).toBe(true);
    expect(groups.flat().every((body) => body.length === 512)).toBe(true);
    const roots = groups.flat(2).filter(({ parentSpanId }) => parentSpanId === '');
    const share = (wanted: (root: ReadSpan) => boolean) =>
      roots.filter(wanted).length / roots.length;
    expect(share(({ failed }) => failed)).toBeCloseTo(0.04, 2);
    expect(share(({ startMs, endMs }) => endMs - startMs > 1000)).toBeCloseTo(0.001, 3);
  }
});

test('scattered: a service a request, and callers report last', () => {
  for (const bodies of groupsOf('scattered')) {
    const services = bodies.map((body) => new Set(body.map(({ service }) => service)));
    expect(services.map(({ size }) => size)).toEqual([1, 1, 1, 1]);
    expect(new Set(services.flatMap((set) => [...set])).size).toBe(4);
    expect(bodies.at(-1)?.every(({ parentSpanId }) => parentSpanId === '')).toBe(true);
  }
});

const servers: ReturnType<typeof createServer>[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close().closeAllConnections();
});

type Answers = (request: number) => { status: number; body?: Buffer; retryAfter?: string };

/** A receiver that answers as told, and what it was sent. */
async function receiver(answers: Answers) {
  const bodies: Buffer[] = [];
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const { status, body, retryAfter } = answers(bodies.length);
    bodies.push(Buffer.concat(chunks));
    response.writeHead(status, retryAfter === undefined ? {} : { 'retry-after': retryAfter });
    response.end(body);
  }).listen(0, '127.0.0.1');
  servers.push(server);
  await once(server, 'listening');
  const target = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const options: LoadOptions = { target, protocol: 'http', shape: 'whole', concurrency: 1 };
  return { bodies, options };
}

test('what is asked to come again is sent again, the same bytes, and counted as such', async () => {
  const { bodies, options } = await receiver((request) =>
    request === 0 ? { status: 503, retryAfter: '0' } : { status: 200 },
  );
  const accepted: AcceptedRequest[] = [];
  const failed: string[] = [];
  const onAccepted = (request: AcceptedRequest) => {
    accepted.push(request);
    failed.push(...request.failed().map(({ spanId }) => spanId));
  };
  const counters = await startLoad({ ...options, maxSpans: 1024, onAccepted }).done;
  expect(counters).toMatchObject({
    requests: 3,
    spans: 1024,
    accepted: 1024,
    postponed: 512,
    retried: 512,
    lost: 0,
    reasons: { 'HTTP 503': 1 },
  });
  expect(bodies[1]).toEqual(bodies[0]);
  const known = read(bodies[1] as Buffer).concat(read(bodies[2] as Buffer));
  const ids = new Set(known.map(({ spanId }) => spanId));
  expect(accepted).toHaveLength(2);
  expect(failed.length).toBeGreaterThan(20);
  expect(failed.every((id) => ids.has(id))).toBe(true);
});

test('partial success, refusals for good and tries used up are told apart', async () => {
  const partial = encode('ExportResponse', {
    partialSuccess: { rejected: 12, errorMessage: 'too old' },
  });
  const answers = [
    { status: 200, body: partial },
    { status: 400 },
    { status: 429, retryAfter: '0' },
  ];
  const { options } = await receiver((request) => answers[Math.min(request, 2)] ?? { status: 500 });
  const counters = await startLoad({ ...options, maxSpans: 1536, maxAttempts: 2 }).done;
  expect(counters).toMatchObject({
    requests: 4,
    spans: 1536,
    accepted: 500,
    rejected: 12,
    postponed: 1024,
    retried: 512,
    lost: 1024,
    unanswered: 0,
  });
});

test('a receiver that is away loses nothing silently', async () => {
  const { options } = await receiver(() => ({ status: 200 }));
  for (const server of servers.splice(0)) server.close();
  const counters = await startLoad({ ...options, maxSpans: 512, maxAttempts: 1 }).done;
  expect(counters).toMatchObject({ spans: 512, accepted: 0, unanswered: 512, lost: 512 });
});

test('a rate is held, and what could not be made in time is told', async () => {
  const { options } = await receiver(() => ({ status: 200 }));
  const held = await startLoad({ ...options, rate: 20_480, durationMs: 1500, concurrency: 8 }).done;
  // 40 requests a second: at most one more than is due, and one second late at worst.
  expect(held.spans + held.skipped).toBeGreaterThan(20_480 * 0.4);
  expect(held.spans).toBeLessThanOrEqual(20_480 * 1.5 + 512);
  expect(held.accepted).toBe(held.spans);
});
