/**
 * (c) The whole collector process under load over loopback, against protobufjs merely decoding the
 * same bodies at the same time: CPU time per span of the one in that of the other.
 * Run: `npm run bench -- loopback --help`
 */
import { setTimeout as pause } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import type { LoadCounters } from '../support/load/counters.ts';
import type { Shape } from '../support/load/template.ts';
import { type BenchCollector, startBenchCollector } from './support/collector.ts';
import { Decoder } from './support/decoder.ts';
import { mebibytes, report, times, whole } from './support/figures.ts';
import { startLoader } from './support/loader.ts';
import { median } from './support/probe.ts';

const HELP = `The whole collector process over loopback, against protobufjs decoding the same spans.

  --seconds N         how long each of the four cases is measured    [20]
  --rate N            spans per second, or max                       [100000]
  --protocol NAME     only grpc or http
  --shape NAME        only whole or scattered
  --warm-up N         seconds before measuring                       [8]
`;

/** The most that CPU time per span may be of what protobufjs takes to decode it. */
const GOALS = { grpc: 1.2, http: 1.0 } as const;
const ROUND_MS = 5000;
const MAX_OVERLOADED = 0.01;
/** Memory is flat when the last third of the run holds no more than this beyond the one before. */
const FLAT = 1.1;
/** In a shorter run the heap is still finding its size. */
const JUDGED_FROM_SECONDS = 60;

interface Case {
  readonly protocol: 'grpc' | 'http';
  readonly shape: Shape;
  readonly rate: number | undefined;
  readonly seconds: number;
  readonly warmUpSeconds: number;
}

interface Measured {
  readonly collectorUs: number;
  readonly decodeUs: number;
  readonly ratio: number;
  readonly rss: readonly number[];
  readonly counters: LoadCounters;
  readonly keptShare: number;
  readonly overloaded: number;
}

async function keptShare(collector: BenchCollector) {
  const decided = await collector.metrics('flyball_collector_decided_spans_total');
  const sum = (wanted: string) =>
    [...decided].reduce((all, [series, value]) => all + (series.includes(wanted) ? value : 0), 0);
  const all = sum('');
  return { keptShare: sum('verdict="kept"') / all, overloaded: sum('"overload"') / all };
}

async function accepted(collector: BenchCollector): Promise<number> {
  const series = await collector.metrics('flyball_collector_received_total{signal="traces"}');
  return [...series.values()][0] ?? 0;
}

async function measure(one: Case): Promise<Measured> {
  const decoder = await Decoder.start(one.shape);
  const collector = await startBenchCollector();
  const { protocol, shape, rate, seconds } = one;
  const target = protocol === 'grpc' ? collector.grpc : collector.http;
  const loader = startLoader({ target, protocol, shape, ...(rate === undefined ? {} : { rate }) });
  try {
    await pause(one.warmUpSeconds * 1000);
    const decodes: number[] = [];
    const rss: number[] = [];
    const watch = setInterval(() => rss.push(collector.usage().rssBytes), 1000);
    const before = { cpuS: collector.usage().cpuS, spans: await accepted(collector) };
    const endMs = performance.now() + seconds * 1000;
    while (performance.now() < endMs) {
      const roundMs = performance.now();
      decodes.push(await decoder.usPerSpan());
      const restMs = Math.min(roundMs + ROUND_MS, endMs) - performance.now();
      if (restMs > 0) await pause(restMs);
    }
    const usedS = collector.usage().cpuS - before.cpuS;
    const spans = (await accepted(collector)) - before.spans;
    clearInterval(watch);
    const collectorUs = (usedS * 1e6) / spans;
    const decodeUs = median(decodes);
    const shares = await keptShare(collector);
    const counters = await loader.stop();
    return { collectorUs, decodeUs, ratio: collectorUs / decodeUs, rss, counters, ...shares };
  } finally {
    await loader.stop().catch(() => {});
    decoder.stop();
    await collector.stop();
  }
}

function flatness(rss: readonly number[]): { last: number; growth: number } {
  const third = Math.floor(rss.length / 3);
  const last = median(rss.slice(2 * third));
  return { last, growth: last / median(rss.slice(third, 2 * third)) };
}

function tell(one: Case, measured: Measured): void {
  const { collectorUs, decodeUs, ratio, rss, counters } = measured;
  const goal = GOALS[one.protocol];
  const name = `${one.protocol === 'grpc' ? 'gRPC' : 'HTTP'}, ${one.shape}`;
  const { last, growth } = flatness(rss);
  const share = (value: number) => `${(100 * value).toFixed(1)} %`;
  // What is decided span by span costs less: such a figure is not one of the whole pipeline.
  const isWhole = measured.overloaded < MAX_OVERLOADED;
  const caveat = isWhole ? '' : `, ${share(measured.overloaded)} of it in overload`;
  report({
    bench: 'c',
    what: `${name}: CPU against protobufjs decode`,
    value: `${times(ratio)}, ${whole(1e6 / collectorUs)} spans per CPU-second${caveat}`,
    goal: `at most ${goal}x`,
    met: ratio <= goal && isWhole,
  });
  report({
    bench: 'c',
    what: `${name}: memory, growth in the last third`,
    value: `${mebibytes(last)}, ${times(growth)}`,
    ...(one.seconds < JUDGED_FROM_SECONDS ? {} : { goal: `at most ${FLAT}x`, met: growth <= FLAT }),
  });
  const perSecond = whole((counters.accepted * 1000) / counters.elapsedMs);
  const rest = [
    `  collector ${collectorUs.toFixed(2)} us per span, protobufjs ${decodeUs.toFixed(2)} us`,
    `${perSecond} spans/s accepted, ${share(measured.keptShare)} kept`,
    ...(counters.postponed > 0 ? [`${whole(counters.postponed)} postponed`] : []),
    ...(counters.lost > 0 ? [`${whole(counters.lost)} lost`] : []),
    ...(counters.skipped > 0 ? [`${whole(counters.skipped)} skipped`] : []),
    `answers p99 ${counters.latencyMs.p99.toFixed(0)} ms`,
  ];
  process.stdout.write(`${rest.join('; ')}\n\n`);
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      seconds: { type: 'string', default: '20' },
      'warm-up': { type: 'string', default: '8' },
      rate: { type: 'string', default: '100000' },
      protocol: { type: 'string', default: 'grpc,http' },
      shape: { type: 'string', default: 'whole,scattered' },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  if (values.help) {
    process.stdout.write(HELP);
    return;
  }
  const rate = values.rate === 'max' ? undefined : Number(values.rate);
  const times = { seconds: Number(values.seconds), warmUpSeconds: Number(values['warm-up']) };
  for (const protocol of values.protocol.split(',')) {
    for (const shape of values.shape.split(',')) {
      const one = { protocol, shape, rate, ...times } as Case;
      tell(one, await measure(one));
    }
  }
}

await main();
