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

/** CPU microseconds of one turn over all bodies. */
function measure(work: (body: Uint8Array) => void): number {
  const start = process.cpuUsage();
  bodies.forEach(work);
  const { user, system } = process.cpuUsage(start);
  return user + system;
}

const strings = new Interner();
const table = new SpanTable();
const type = proto('TraceRequest');
const decode = (body: Uint8Array): void => void type.decode(body);
const walk = (body: Uint8Array): void => void scan(body, strings, table);

for (let round = 0; round < 20; round += 1) {
  measure(decode);
  measure(walk);
}
// Turn by turn, so that a busy machine slows both alike.
let decodeUs = 0;
let scanUs = 0;
const ROUNDS = 60;
for (let round = 0; round < ROUNDS; round += 1) {
  decodeUs += measure(decode);
  scanUs += measure(walk);
}

function rate(microseconds: number): string {
  return Math.round((spans * ROUNDS * 1e6) / microseconds).toLocaleString('en');
}

console.log(`bytes a span        ${(bytes / spans).toFixed(0)}`);
console.log(`protobufjs decode   ${rate(decodeUs)} spans per CPU-second`);
console.log(`scan                ${rate(scanUs)} spans per CPU-second`);
const ratio = decodeUs / scanUs;
console.log(`ratio               ${ratio.toFixed(1)}   (goal: at least 6)`);
process.send?.({
  bench: 'a',
  what: 'scan against protobufjs decode',
  value: `${ratio.toFixed(2)}x, ${rate(scanUs)} to ${rate(decodeUs)} spans per CPU-second`,
  goal: 'at least 6x',
  met: ratio >= 6,
});
