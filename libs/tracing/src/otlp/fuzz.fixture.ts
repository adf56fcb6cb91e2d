import fc from 'fast-check';
import { decodeLogs, decodeLogsJson, type LogsResult } from './decode-logs.ts';
import { decodeMetrics, decodeMetricsJson, type MetricsResult } from './decode-metrics.ts';
import { decodeSpan } from './decode-span.ts';
import { Interner } from './interner.ts';
import { loadRequest, seeded } from './load.fixture.ts';
import { pairs, requestModel, spanId, toProtobuf, traceId } from './model.fixture.ts';
import { mutateBytes, mutateText, type Random } from './mutate.fixture.ts';
import { type Plain, plainOfBytes, plainOfJson, type RequestName } from './reference.fixture.ts';
import { type ScanResult, scan } from './scan.ts';
import { scanJson } from './scan-json.ts';
import { SpanTable } from './span-table.ts';
import { TraceRowWriter } from './trace-rows.ts';
import { type Expected, expectedLogs, expectedMetrics, expectedTraces } from './twin.fixture.ts';
import { toText } from './world.fixture.ts';

/** A request that is like a valid one, and how to read it. */
export interface FuzzCase {
  readonly request: RequestName;
  readonly body: Uint8Array | string;
}

/** Why a case was not compared with the twin; each must stay rare. */
export type Skipped = 'stricter' | 'unread' | 'unsure';
export type Verdict = 'taken' | 'partial' | 'refused' | Skipped;

const nanos = fc.bigInt({ min: 0n, max: 2n ** 63n - 1n }).map(String);
const count = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }).map(String);
const double = fc.oneof(fc.double({ noNaN: true, noDefaultInfinity: true }), fc.constant('NaN'));
const name = fc.constantFrom('', 'requests', 'latency', 'ü');

const exemplar = fc.record({
  timeUnixNano: nanos,
  asDouble: double,
  traceId,
  spanId,
  filteredAttributes: pairs,
});
const times = { startTimeUnixNano: nanos, timeUnixNano: nanos, attributes: pairs };
const exemplars = fc.array(exemplar, { maxLength: 2 });
const numberPoint = fc.oneof(
  fc.record({ ...times, asDouble: double, exemplars, flags: fc.constant(1) }),
  fc.record({ ...times, asInt: fc.integer().map(String) }),
);
const totals = { count, sum: double, min: double, max: double };
const histogramPoint = fc
  .array(fc.record({ bound: double, count }), { maxLength: 4 })
  .chain((buckets) =>
    fc.record({
      ...times,
      ...totals,
      exemplars,
      bucketCounts: fc.constant(buckets.length === 0 ? [] : ['3', ...buckets.map((b) => b.count)]),
      explicitBounds: fc.constant(buckets.map((bucket) => bucket.bound)),
    }),
  );
const buckets = fc.record({
  offset: fc.integer(),
  bucketCounts: fc.array(count, { maxLength: 4 }),
});
const exponentialPoint = fc.record({
  ...times,
  ...totals,
  exemplars,
  scale: fc.integer({ min: -10, max: 20 }),
  zeroCount: count,
  positive: buckets,
  negative: buckets,
});
const quantileValues = fc.array(fc.record({ quantile: double, value: double }), { maxLength: 3 });
const summaryPoint = fc.record({ ...times, count, sum: double, quantileValues });

function dataOf(point: fc.Arbitrary<object>, more: Record<string, fc.Arbitrary<unknown>> = {}) {
  return fc.record({ dataPoints: fc.array(point, { maxLength: 3 }), ...more });
}

const aggregationTemporality = fc.integer({ min: 0, max: 2 });
const metric = fc.oneof(
  fc.record({ name, unit: name, gauge: dataOf(numberPoint) }),
  fc.record({
    name,
    description: name,
    sum: dataOf(numberPoint, { aggregationTemporality, isMonotonic: fc.boolean() }),
  }),
  fc.record({ name, histogram: dataOf(histogramPoint, { aggregationTemporality }) }),
  fc.record({ name, exponentialHistogram: dataOf(exponentialPoint, { aggregationTemporality }) }),
  fc.record({ name, summary: dataOf(summaryPoint) }),
);
const record = fc.record({
  timeUnixNano: nanos,
  observedTimeUnixNano: nanos,
  severityNumber: fc.integer({ min: 0, max: 24 }),
  severityText: name,
  body: fc.oneof(
    fc.record({ stringValue: fc.string({ unit: 'grapheme', maxLength: 20 }) }),
    fc.record({ kvlistValue: fc.record({ values: pairs }) }),
  ),
  attributes: pairs,
  flags: fc.integer({ min: 0, max: 255 }),
  traceId,
  spanId,
  eventName: name,
});

function requestOf(signal: string, items: string, item: fc.Arbitrary<object>) {
  const scope = fc.record({ name, version: name, attributes: pairs });
  const scoped = fc.record({ scope, schemaUrl: name, [items]: fc.array(item, { maxLength: 3 }) });
  const resourced = fc.record({
    resource: fc.record({ attributes: pairs.map((list) => [SERVICE, ...list]) }),
    schemaUrl: name,
    [`scope${signal}`]: fc.array(scoped, { maxLength: 2 }),
  });
  return fc.record({ [`resource${signal}`]: fc.array(resourced, { minLength: 1, maxLength: 2 }) });
}

const SERVICE = { key: 'service.name', value: { stringValue: 'shop' } };

interface Seeds {
  readonly request: RequestName;
  readonly bodies: readonly Uint8Array[];
  readonly texts: readonly string[];
}

function seedsOf(request: RequestName, models: readonly object[], more: Uint8Array[] = []): Seeds {
  const bodies = [...more, ...models.map((model) => toProtobuf(request, model))];
  return {
    request,
    bodies: bodies.filter((body) => body.length > 0),
    texts: models.map((model) => JSON.stringify(model)),
  };
}

/** Valid requests of the three signals, the same in every run. */
function validRequests(): Seeds[] {
  const options = { numRuns: 40, seed: 7 };
  const metrics = fc.sample(requestOf('Metrics', 'metrics', metric), options);
  const logs = fc.sample(requestOf('Logs', 'logRecords', record), options);
  const real = [1, 2, 3].map((seed) => loadRequest({ traces: 1, seed }));
  return [
    seedsOf('TraceRequest', fc.sample(requestModel, options), real),
    seedsOf('MetricsRequest', metrics),
    seedsOf('LogsRequest', logs),
  ];
}

/** How many of ten cases ask for which signal. */
const TURNS = [0, 0, 0, 0, 0, 0, 1, 1, 1, 2];

/** Cases by seed and number: each can be made again alone. */
export class Fuzz {
  readonly #seeds = validRequests();
  readonly #seed: number;

  constructor(seed: number) {
    this.#seed = seed;
  }

  caseAt(number: number): FuzzCase {
    const random = seeded(Math.imul(this.#seed, 0x9e3779b1) ^ Math.imul(number, 0x85ebca6b));
    const turn = TURNS[Math.floor(random() * TURNS.length)] as number;
    const { request, bodies, texts } = this.#seeds[turn] as Seeds;
    if (random() < 0.25) {
      return { request, body: mutateText(random, draw(random, texts), draw(random, texts)) };
    }
    return { request, body: mutateBytes(random, draw(random, bodies), draw(random, bodies)) };
  }
}

function draw<T>(random: Random, list: readonly T[]): T {
  return list[Math.floor(random() * list.length)] as T;
}

type Outcome =
  | {
      readonly ok: true;
      readonly lines: string[];
      readonly message: string;
      readonly count: number;
    }
  | { readonly ok: false; readonly message: string; readonly offset: number | undefined };

const strings = new Interner({ maxEntries: 5000 });
const table = new SpanTable();
const writer = new TraceRowWriter(strings);

/** What surrounds a body in its buffer must not matter: nothing outside is ever read. */
const frame = new Uint8Array(200_000);

function framed(body: Uint8Array): Uint8Array {
  frame.fill(0x0a, 0, 64);
  frame.set(body, 64);
  frame.fill(0x01, 64 + body.length, 64 + body.length + 64);
  return frame.subarray(64, 64 + body.length);
}

function ofScan(result: ScanResult): Outcome {
  if (!result.ok) return { ok: false, ...place(result.fault) };
  const spans = Array.from({ length: table.count }, (_, span) => span);
  const rows = spans.map((span) => decodeSpan(table, span, strings));
  writer.clear();
  for (const span of spans) writer.write(table, span);
  const lines = toText(writer.bytes, 'utf8').split('\n').slice(0, -1);
  const texts = rows.map(lineOf);
  compareLines(
    lines.map((line) => lineOf(JSON.parse(line) as object)),
    texts,
  );
  return { ok: true, lines: texts, ...result.rejected };
}

function place({ message, offset }: { message: string; offset: number | undefined }) {
  return { message, offset };
}

function ofMetrics(result: MetricsResult): Outcome {
  if (!result.ok) return { ok: false, ...place(result.fault) };
  const rows = Object.entries(result.rows).flatMap(([name, list]) =>
    list.map((row) => lineOf({ table: name, ...row })),
  );
  // The tables have an order of their own.
  return { ok: true, lines: rows.sort(), ...result.rejected };
}

function ofLogs(result: LogsResult): Outcome {
  if (!result.ok) return { ok: false, ...place(result.fault) };
  return { ok: true, lines: result.rows.map(lineOf), ...result.rejected };
}

function outcomeOf({ request, body }: FuzzCase): Outcome {
  if (request === 'TraceRequest') {
    if (typeof body === 'string') return ofScan(scanJson(body, strings, table));
    return ofScan(scan(framed(body), strings, table));
  }
  if (request === 'MetricsRequest') {
    return ofMetrics(typeof body === 'string' ? decodeMetricsJson(body) : decodeMetrics(body));
  }
  return ofLogs(typeof body === 'string' ? decodeLogsJson(body) : decodeLogs(body));
}

const EXPECTED: Record<RequestName, (plain: Plain) => Expected> = {
  TraceRequest: expectedTraces,
  MetricsRequest: expectedMetrics,
  LogsRequest: expectedLogs,
};

function expectationOf({ request, body }: FuzzCase): Expected | undefined {
  let plain: Plain;
  try {
    plain = typeof body === 'string' ? plainOfJson(request, body) : plainOfBytes(request, body);
  } catch {
    return undefined;
  }
  return EXPECTED[request](plain);
}

/** What protobuf forbids or leaves open and protobufjs takes. */
const STRICTER = /longer than ten bytes|nested deeper|field number is out of range/;

/**
 * Reads the request and compares with the slow twin.
 *
 * @throws with both sides when they differ, and whatever a reader throws
 */
export function check(fuzzCase: FuzzCase): Verdict {
  const outcome = outcomeOf(fuzzCase);
  const expected = expectationOf(fuzzCase);
  if (!outcome.ok) return checkRefusal(outcome, fuzzCase, expected);
  if (expected === undefined) {
    // What is rejected, or replaced by another member of a oneof, is not looked into.
    if (fuzzCase.request !== 'TraceRequest') return 'unread';
    throw new Error('taken, though the twin cannot read it');
  }
  if (expected.unsure) return 'unsure';
  const [, list = ''] = /^rejected \d+ [a-z ]+: (.*)$/.exec(withoutPath(outcome.message)) ?? [];
  const causes = list === '' ? [] : list.split('; ').sort();
  if (String(causes) !== String(expected.causes)) {
    // Each of several texts of one field is checked; the twin sees only the last.
    if (!causes.some((cause) => cause.includes('UTF-8'))) {
      throw new Error(`rejected: ${causes.join('; ')}\nexpected: ${expected.causes.join('; ')}`);
    }
    return 'stricter';
  }
  if (outcome.count !== total(causes)) throw new Error(`counted ${outcome.count}: ${list}`);
  const wanted = expected.rows.map(lineOf);
  compareLines(outcome.lines, fuzzCase.request === 'MetricsRequest' ? wanted.sort() : wanted);
  return causes.length === 0 ? 'taken' : 'partial';
}

function withoutPath(message: string): string {
  return message.replace(/; [^;]* is not hexadecimal$/s, '');
}

function total(causes: readonly string[]): number {
  return causes.reduce((sum, cause) => sum + Number.parseInt(cause, 10), 0);
}

function checkRefusal(
  outcome: Outcome & { ok: false },
  { body }: FuzzCase,
  expected: Expected | undefined,
): Verdict {
  const said =
    /^malformed (JSON: |protobuf( in (span|data point|log record) \d+)? at byte \d+: ).+/s;
  if (!said.test(outcome.message)) throw new Error(`says: ${outcome.message}`);
  if (typeof body !== 'string') {
    const { offset = -1 } = outcome;
    if (offset < 0 || offset > body.length) throw new Error(`at byte ${offset}`);
  }
  if (expected === undefined) return 'refused';
  if (STRICTER.test(outcome.message)) return 'stricter';
  throw new Error(`refused, though the twin can read it: ${outcome.message}`);
}

/** In any order of columns, but with the entries of maps in theirs. */
function lineOf(row: object): string {
  const fields = row as Record<string, unknown>;
  let line = '';
  for (const name of Object.keys(row).sort()) line += `${name}: ${JSON.stringify(fields[name])}\n`;
  return line;
}

function compareLines(found: readonly string[], wanted: readonly string[]): void {
  for (let row = 0; row < Math.max(found.length, wanted.length); row += 1) {
    if (found[row] !== wanted[row]) {
      throw new Error(`row ${row}\nread:     ${found[row]}\nexpected: ${wanted[row]}`);
    }
  }
}
