/**
 * The whole way of a span in one process (scan, window, RED, decision, edges, critical path, rows
 * of the kept) against protobufjs merely decoding the same bytes, at a given number of open traces.
 * Run: `node --expose-gc --conditions=@flyball/source libs/tracing/bench/pipeline.ts [openTraces]`
 */
import {
  CriticalPathAggregator,
  decodeSpan,
  EdgeAggregator,
  ErrorOriginAggregator,
  Interner,
  RedAggregator,
  Sampler,
  SamplingLedger,
  SpanTable,
  scan,
  TraceWindow,
} from '../src/index.ts';
import { loadRequest } from '../src/otlp/load.fixture.ts';
import { proto } from '../src/otlp/proto.fixture.ts';
import { WINDOW_CONFIG } from '../src/window/window.fixture.ts';

declare const gc: () => void;

const openTraces = Number(process.argv[2] ?? 10_000);
const TRACES = 128;
const SPANS = TRACES * 4;
const templates = Array.from({ length: 20 }, (_, seed) => loadRequest({ traces: TRACES, seed }));
const rules = {
  rules: [{ name: 'five', sampler: { kind: 'probability' as const, probability: 0.05 } }],
};

/** Where the trace ids lie in each template, so that every request can have fresh ones. */
const strings = new Interner();
const idOffsets = templates.map((body) => {
  const result = scan(body, strings);
  if (!result.ok) throw new Error(result.fault.message);
  const { table } = result;
  return Array.from({ length: table.count }, (_, span) => table.word(span, 17) + 2);
});

function fresh(request: number): Uint8Array {
  const at = request % templates.length;
  const body = (templates[at] as Uint8Array).slice();
  const view = new DataView(body.buffer);
  for (const offset of idOffsets[at] as number[]) view.setUint32(offset, request);
  return body;
}

class Pipeline {
  readonly window = new TraceWindow({
    ...WINDOW_CONFIG,
    maxTraces: 4_000_000,
    maxSpans: 2e7,
    maxBytes: 1e10,
  });
  readonly red = new RedAggregator(strings);
  readonly edges = new EdgeAggregator(strings);
  readonly origins = new ErrorOriginAggregator(strings);
  readonly paths = new CriticalPathAggregator(strings);
  readonly ledger = new SamplingLedger();
  readonly sampler = new Sampler(strings, rules);
  readonly table = new SpanTable(1024);
  rowBytes = 0;

  receive(body: Uint8Array, nowMs: number): void {
    const result = scan(body, strings, this.table);
    if (!result.ok) throw new Error(result.fault.message);
    this.window.add(this.table, nowMs);
    this.red.record(this.table, nowMs);
  }

  decideDue(nowMs: number): void {
    for (let trace = this.window.due(nowMs); trace !== undefined; trace = this.window.due(nowMs)) {
      const decision = this.sampler.decide(trace, nowMs);
      this.edges.record(trace, nowMs);
      this.origins.record(trace, decision, nowMs);
      this.paths.record(trace, decision, nowMs);
      this.ledger.record(trace, decision, nowMs);
      if (decision.keep) {
        for (let span = 0; span < trace.spans.count; span += 1) {
          this.rowBytes += JSON.stringify(decodeSpan(trace.spans, span, strings, decision)).length;
        }
      }
      this.window.settle(decision);
    }
  }

  drain(): void {
    for (const source of [this.red, this.edges, this.origins, this.paths, this.ledger])
      source.drain();
  }
}

const type = proto('TraceRequest');
for (let round = 0; round < 100; round += 1) type.decode(templates[round % 20] as Uint8Array);
const decodeStart = process.cpuUsage();
for (let round = 0; round < 300; round += 1) type.decode(templates[round % 20] as Uint8Array);
const decodeUs = micros(process.cpuUsage(decodeStart)) / (300 * SPANS);

const pipeline = new Pipeline();
const ahead = Math.ceil(openTraces / TRACES);
const requests = ahead + 2000;
let rawBytes = 0;
gc();
const idle = memory();
let request = 0;
// Each request arrives a millisecond times `step` later: `ahead` requests are open at any time.
const step = WINDOW_CONFIG.rootDelayMs / ahead;
for (; request < ahead; request += 1) {
  const body = fresh(request);
  rawBytes += body.length;
  pipeline.receive(body, request * step);
}
gc();
const held = memory() - idle;
const start = process.cpuUsage();
let making = 0;
for (; request < requests; request += 1) {
  const before = process.cpuUsage();
  const body = fresh(request);
  making += micros(process.cpuUsage(before));
  pipeline.receive(body, request * step);
  pipeline.decideDue(request * step);
  if (request % 40 === 0) pipeline.drain();
}
const pipelineUs = (micros(process.cpuUsage(start)) - making) / (2000 * SPANS);

function micros(usage: { user: number; system: number }): number {
  return usage.user + usage.system;
}

function memory(): number {
  const { heapUsed, external, arrayBuffers } = process.memoryUsage();
  return heapUsed + Math.max(external, arrayBuffers);
}

console.log(`open traces         ${pipeline.window.stats(request * step).traces}`);
console.log(`protobufjs decode   ${(1e6 / decodeUs).toFixed(0)} spans per CPU-second`);
console.log(`whole pipeline      ${(1e6 / pipelineUs).toFixed(0)} spans per CPU-second`);
console.log(`ratio               ${(decodeUs / pipelineUs).toFixed(2)}`);
console.log(`memory / raw bytes  ${(held / rawBytes).toFixed(2)}`);
