import { encode, hexBytes } from './proto.fixture.ts';

/** A small seeded generator (mulberry32): fixtures are the same in every run. */
export function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

export function randomHex(random: () => number, digits: number): string {
  let text = '';
  for (let index = 0; index < digits; index += 1) text += Math.floor(random() * 16).toString(16);
  return text;
}

function text(key: string, value: string): object {
  return { key, value: { stringValue: value } };
}

function int(key: string, value: number): object {
  return { key, value: { intValue: value } };
}

const SERVICES = ['gateway', 'checkout', 'payments', 'inventory'];
const OPERATIONS = ['GET /', 'POST /checkout', 'pay', 'SELECT stock'];

export interface LoadOptions {
  traces: number;
  seed: number;
  startMs?: number;
}

/** One request of `traces` x 4 spans in four services, about 330 bytes a span, 4 % errors. */
export function loadRequest(options: LoadOptions): Uint8Array {
  return encode('TraceRequest', loadObject(options));
}

export function loadObject({ traces, seed, startMs = 1_700_000_000_000 }: LoadOptions): object {
  const random = seeded(seed);
  const spans: object[][] = SERVICES.map(() => []);
  for (let trace = 0; trace < traces; trace += 1) {
    const traceId = hexBytes(randomHex(random, 32));
    const failed = random() < 0.04;
    let parent = '';
    for (let depth = 0; depth < SERVICES.length; depth += 1) {
      const id = randomHex(random, 16);
      const start = BigInt(startMs + depth) * 1_000_000n;
      spans[depth]?.push({
        traceId,
        spanId: hexBytes(id),
        parentSpanId: hexBytes(parent),
        name: OPERATIONS[depth],
        kind: depth === 3 ? 3 : 2,
        startTimeUnixNano: start.toString(),
        endTimeUnixNano: (start + BigInt(Math.floor(random() * 2e8))).toString(),
        flags: 1,
        attributes: attributes(random, depth),
        events: failed && depth === 2 ? [exception(start)] : [],
        status: failed && depth >= 2 ? { code: 2, message: 'card refused' } : {},
      });
      parent = id;
    }
  }
  return { resourceSpans: SERVICES.map((service, at) => resourceSpans(service, spans[at] ?? [])) };
}

function attributes(random: () => number, depth: number): object[] {
  return [
    text('http.request.method', 'POST'),
    text('url.path', `/api/v1/orders/${Math.floor(random() * 1e6)}`),
    int('http.response.status_code', 200),
    text('server.address', 'shop.example.com'),
    int('server.port', 8080 + depth),
    text('user_agent.original', 'Mozilla/5.0 (X11; Linux x86_64)'),
    text('network.protocol.version', '1.1'),
  ];
}

function exception(time: bigint): object {
  return {
    timeUnixNano: time.toString(),
    name: 'exception',
    attributes: [text('exception.type', 'CardError'), text('exception.message', 'card refused')],
  };
}

function resourceSpans(service: string, spans: object[]): object {
  const resource = {
    attributes: [
      text('service.name', service),
      text('service.instance.id', `${service}-1`),
      text('host.name', 'node-1'),
      text('telemetry.sdk.language', 'nodejs'),
    ],
  };
  return { resource, scopeSpans: [{ scope: { name: 'http', version: '1.0.0' }, spans }] };
}
