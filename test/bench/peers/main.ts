/**
 * (h) The OpenTelemetry Collector and Flyball under the same load in one run: spans per CPU-second
 * of the server's process alone, and memory per waiting span. Needs Go, to build the former.
 * Run: `npm run bench:peers -- --help`
 */
import { setTimeout as pause } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import type { Shape } from '../../support/load/template.ts';
import { type BenchCollector, startBenchCollector } from '../support/collector.ts';
import { report, times, whole } from '../support/figures.ts';
import { startLoader } from '../support/loader.ts';
import { median, type Usage } from '../support/probe.ts';
import { buildCollector, COLLECTOR_VERSION, NO_GO, startPeer } from './otelcol.ts';

const HELP = `The OpenTelemetry Collector ${COLLECTOR_VERSION} and Flyball under one load over gRPC.

  --seconds N       how long each case is measured              [20]
  --warm-up N       seconds before, at least the window's 10    [14]
                    (at a given rate as long again, saturated, before that)
  --rate N,N        spans per second, or max                    [20000,max]
  --shape NAME      only whole or scattered
  --only NAME       only cpu or memory
`;

/** Both wait as long for a trace, and have room for as many. */
const WAIT_S = 10;
const BOUNDS = 'maxTraces: 3000000, maxSpans: 12000000, maxSize: 8GiB';
const flyballConfig = (delayS: number) => `window: { delay: ${delayS}s, timeout: 1h, ${BOUNDS} }\n`;

const WAITING_SPANS = 200_000;
const MEMORY_RATE = 40_000;
const GOALS = { withAggregates: 5, without: 4, memory: 1 / 5 } as const;

/**
 * What Flyball is given where the Collector is given all it can take: above, it would decide span
 * by span, which costs less, and the two would not do the same work.
 */
const FLYBALL_MOST = 250_000;
const MAX_OVERLOADED = 0.01;

interface Server {
  readonly grpc: string;
  /** Spans so far that were decided one by one, for want of room. */
  overloaded?(): Promise<number>;
  usage(): Usage;
  stop(): Promise<void>;
}

type Start = (waitS: number) => Promise<Server>;

interface Contender {
  readonly name: string;
  readonly start: Start;
}

interface Pace {
  readonly shape: Shape;
  readonly rate: number | undefined;
  readonly seconds: number;
  readonly warmUpSeconds: number;
}

interface Speed {
  readonly perCpuSecond: number;
  readonly perSecond: number;
  readonly overloaded: number;
}

/** A process that runs for weeks has long been compiled: at a low rate that would take minutes. */
async function heat({ grpc: target }: Server, { shape, rate, warmUpSeconds }: Pace): Promise<void> {
  if (rate === undefined) return;
  const durationMs = warmUpSeconds * 1000;
  await startLoader({ target, protocol: 'grpc', shape, durationMs }).done;
}

/** Spans accepted per CPU-second once traces are decided as fast as they come. */
async function speedOf({ start }: Contender, pace: Pace): Promise<Speed> {
  const server = await start(WAIT_S);
  const { shape, rate } = pace;
  await heat(server, pace);
  const before = (await server.overloaded?.()) ?? 0;
  const marks: { accepted: number; elapsedMs: number; cpuS: number }[] = [];
  const loader = startLoader({
    target: server.grpc,
    protocol: 'grpc',
    shape,
    ...(rate === undefined ? {} : { rate }),
    onReport: ({ accepted, elapsedMs }) => {
      marks.push({ accepted, elapsedMs, cpuS: server.usage().cpuS });
    },
  });
  try {
    await pause((pace.warmUpSeconds + pace.seconds) * 1000);
    const from = marks.find(({ elapsedMs }) => elapsedMs >= pace.warmUpSeconds * 1000);
    const to = marks.at(-1);
    if (from === undefined || to === undefined) throw new Error('the load never got going');
    const spans = to.accepted - from.accepted;
    return {
      perCpuSecond: spans / (to.cpuS - from.cpuS),
      perSecond: (spans * 1000) / (to.elapsedMs - from.elapsedMs),
      overloaded: (((await server.overloaded?.()) ?? 0) - before) / to.accepted,
    };
  } finally {
    // The server goes first otherwise, and the loader would report its absence.
    await loader.stop().catch(() => {});
    await server.stop();
  }
}

/** Resident memory above that of the idle process, per span that stands and waits, bytes. */
async function standingMemoryOf({ start }: Contender, shape: Shape): Promise<number> {
  const server = await start(600);
  try {
    await pause(3000);
    const idle = server.usage().rssBytes;
    const { accepted } = await startLoader({
      target: server.grpc,
      protocol: 'grpc',
      shape,
      rate: MEMORY_RATE,
      maxSpans: WAITING_SPANS,
    }).done;
    const samples: number[] = [];
    for (let second = 0; second < 10; second += 1) {
      await pause(1000);
      samples.push(server.usage().rssBytes - idle);
    }
    return median(samples) / accepted;
  } finally {
    await server.stop();
  }
}

/**
 * The same while spans come and go: ten seconds' worth of them waits at any time. Garbage counts,
 * of both.
 */
async function flowingMemoryOf({ start }: Contender, shape: Shape): Promise<number> {
  const server = await start(WAIT_S);
  const rate = WAITING_SPANS / WAIT_S;
  try {
    await pause(3000);
    const idle = server.usage().rssBytes;
    const loader = startLoader({ target: server.grpc, protocol: 'grpc', shape, rate });
    await pause(2.5 * WAIT_S * 1000);
    const samples: number[] = [];
    for (let second = 0; second < WAIT_S; second += 1) {
      await pause(1000);
      samples.push(server.usage().rssBytes - idle);
    }
    const { accepted, elapsedMs } = await loader.stop();
    return median(samples) / ((accepted * WAIT_S * 1000) / elapsedMs);
  } finally {
    await server.stop();
  }
}

const flyball: Contender = {
  name: 'Flyball',
  start: async (waitS) => {
    const collector = await startBenchCollector({ config: flyballConfig(waitS) });
    return { ...collector, overloaded: () => overloadedBy(collector) };
  },
};

async function overloadedBy(collector: BenchCollector): Promise<number> {
  const decided = await collector.metrics('flyball_collector_decided_spans_total');
  return [...decided].reduce(
    (sum, [series, value]) => sum + (series.includes('"overload"') ? value : 0),
    0,
  );
}

function peers(binary: string): { contender: Contender; aggregates: boolean }[] {
  return [true, false].map((aggregates) => {
    const name = aggregates ? 'Collector, RED and graph' : 'Collector, sampling only';
    const start: Start = (decisionWaitS) => startPeer(binary, { decisionWaitS, aggregates });
    return { contender: { name, start }, aggregates };
  });
}

function tell(name: string, { perCpuSecond, perSecond }: Speed): void {
  const text = `${whole(perCpuSecond)} spans per CPU-second at ${whole(perSecond)} spans/s`;
  process.stdout.write(`  ${name.padEnd(26)} ${text}\n`);
}

async function compareSpeed(binary: string, pace: Pace): Promise<void> {
  // It is heated by a load without bounds; what is measured comes at a rate.
  const own = await speedOf(flyball, { ...pace, rate: pace.rate ?? FLYBALL_MOST });
  const isWhole = own.overloaded < MAX_OVERLOADED;
  const at = pace.rate === undefined ? 'each at full load' : `${whole(pace.rate)} spans/s`;
  const caveat = isWhole ? '' : `, ${(100 * own.overloaded).toFixed(0)} % of it in overload`;
  process.stdout.write(`\n${pace.shape}, ${at}\n`);
  tell(flyball.name, own);
  for (const { contender, aggregates } of peers(binary)) {
    const other = await speedOf(contender, pace);
    tell(contender.name, other);
    const ratio = own.perCpuSecond / other.perCpuSecond;
    const goal = aggregates ? GOALS.withAggregates : GOALS.without;
    report({
      bench: 'h',
      what: `${pace.shape}, ${at}: Flyball to ${contender.name}`,
      value: `${times(ratio)}, ${whole(own.perCpuSecond)} to ${whole(other.perCpuSecond)}${caveat}`,
      // The goal speaks of scattered traces, as fleets send them.
      ...(pace.shape === 'scattered'
        ? { goal: `at least ${goal}x`, met: ratio >= goal && isWhole }
        : {}),
    });
  }
}

async function compareMemory(binary: string, shape: Shape): Promise<void> {
  const [, sampling] = peers(binary);
  if (sampling === undefined) return;
  for (const [how, memoryOf] of [
    [`at ${whole(WAITING_SPANS / WAIT_S)} spans/s`, flowingMemoryOf],
    ['standing', standingMemoryOf],
  ] as const) {
    const own = await memoryOf(flyball, shape);
    const other = await memoryOf(sampling.contender, shape);
    report({
      bench: 'h',
      what: `${shape}: memory per waiting span, ${how}`,
      value: `${times(own / other)}, ${whole(own)} to ${whole(other)} bytes`,
      goal: `at most ${GOALS.memory}x`,
      met: own / other <= GOALS.memory,
    });
  }
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      seconds: { type: 'string', default: '20' },
      'warm-up': { type: 'string', default: '14' },
      rate: { type: 'string', default: '20000,max' },
      shape: { type: 'string', default: 'whole,scattered' },
      only: { type: 'string', default: 'cpu,memory' },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  if (values.help) {
    process.stdout.write(HELP);
    return;
  }
  const build = buildCollector();
  if (build.kind === 'no_go') process.stdout.write(NO_GO);
  if (build.kind === 'failed') throw new Error(`go build failed:\n${build.output}`);
  if (build.kind !== 'built') return;
  const times = { seconds: Number(values.seconds), warmUpSeconds: Number(values['warm-up']) };
  for (const shape of values.shape.split(',') as Shape[]) {
    if (values.only.includes('memory')) await compareMemory(build.binary, shape);
    if (!values.only.includes('cpu')) continue;
    for (const text of values.rate.split(',')) {
      const rate = text === 'max' ? undefined : Number(text);
      await compareSpeed(build.binary, { shape, rate, ...times });
    }
  }
}

await main();
