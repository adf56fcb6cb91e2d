/**
 * Scan against a full protobufjs decode of the same bytes, in one run: the ratio is what counts.
 * Run: `node --conditions=@flyball/source libs/tracing/bench/scan.ts`
 */

import { Interner } from '../src/otlp/interner.ts';
import { loadRequest } from '../src/otlp/load.fixture.ts';
import { proto } from '../src/otlp/proto.fixture.ts';
import { scan } from '../src/otlp/scan.ts';
import { SpanTable } from '../src/otlp/span-table.ts';

const bodies = Array.from({ length: 20 }, (_, seed) => loadRequest({ traces: 128, seed }));
const spans = bodies.length * 512;
const bytes = bodies.reduce((sum, body) => sum + body.length, 0);

function measure(work: (body: Uint8Array) => void): number {
  for (let round = 0; round < 10; round += 1) bodies.forEach(work);
  const rounds = 40;
  const start = performance.now();
  for (let round = 0; round < rounds; round += 1) bodies.forEach(work);
  return (spans * rounds) / ((performance.now() - start) / 1000);
}

const strings = new Interner();
const table = new SpanTable();
const type = proto('TraceRequest');
const decoded = measure((body) => void type.decode(body));
const scanned = measure((body) => void scan(body, strings, table));

console.log(`bytes a span        ${(bytes / spans).toFixed(0)}`);
console.log(`protobufjs decode   ${Math.round(decoded).toLocaleString('en')} spans/s`);
console.log(`scan                ${Math.round(scanned).toLocaleString('en')} spans/s`);
console.log(`ratio               ${(scanned / decoded).toFixed(1)}`);
