/**
 * Leases against gossip for 10 to 10,000 nodes, in simulation: traffic, and how fast who knows.
 * Run: `npm run bench -- scale [--nodes 10,100] [--seed N] [--loss 0.01]`
 */
import { parseArgs } from 'node:util';
import {
  LEASES_AS_SHIPPED,
  LEASES_FRUGAL,
  runGossip,
  runLeases,
  type ScaleFigures,
  type ScaleScenario,
  type Spread,
} from '../src/sim/scale/index.ts';

const GOAL_S = 20;

const HEAD = [
  'nodes',
  'by',
  'messages/s',
  'bytes/s',
  'worst s',
  'store/s',
  'store busy',
  'decision p50/p99/all',
  'crash p50/p99/all',
  'join p50/p99/all',
  'cut',
  'healed',
  'false',
];

const WAYS: readonly (readonly [string, (scenario: ScaleScenario) => ScaleFigures])[] = [
  ['leases, as shipped', (scenario) => runLeases(scenario, LEASES_AS_SHIPPED)],
  ['leases, frugal', (scenario) => runLeases(scenario, LEASES_FRUGAL)],
  ['gossip', (scenario) => runGossip(scenario)],
];

function seconds(ms: number | null): string {
  return ms === null ? 'never' : (ms / 1_000).toFixed(1);
}

function spread({ p50Ms, p99Ms, allMs }: Spread): string {
  return [p50Ms, p99Ms, allMs].map(seconds).join(' / ');
}

function size(bytes: number): string {
  if (bytes < 1_000) return `${bytes.toFixed(0)} B`;
  return bytes < 1_000_000 ? `${(bytes / 1_000).toFixed(1)} kB` : `${(bytes / 1e6).toFixed(1)} MB`;
}

function row(by: string, figures: ScaleFigures): readonly string[] {
  const { store } = figures;
  return [
    figures.nodes.toLocaleString('en'),
    by,
    `${figures.messagesPerSecond.toFixed(1)} (${figures.mostMessagesPerSecond.toFixed(1)})`,
    size(figures.bytesPerSecond),
    size(figures.peakBytesPerSecond),
    store === null ? '' : Math.round(store.statementsPerSecond).toLocaleString('en'),
    store === null ? '' : `${(100 * store.busyRatio).toFixed(1)} %`,
    spread(figures.decision),
    spread(figures.crash),
    spread(figures.join),
    seconds(figures.cutMs),
    seconds(figures.healedMs),
    String(figures.falsePositives),
  ];
}

function table(rows: readonly (readonly string[])[]): string {
  const widths = HEAD.map((_, column) =>
    Math.max(3, ...[HEAD, ...rows].map((cells) => cells[column]?.length ?? 0)),
  );
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(' | ')} |`;
  return [line(HEAD), line(widths.map((width) => '-'.repeat(width))), ...rows.map(line)].join('\n');
}

const { values } = parseArgs({
  options: {
    nodes: { type: 'string', default: '10,100,1000,10000' },
    seed: { type: 'string', default: '1' },
    loss: { type: 'string', default: '0.01' },
    help: { type: 'boolean', short: 'h', default: false },
  },
});

if (values.help) {
  console.log('npm run bench -- scale [--nodes 10,100,1000,10000] [--seed 1] [--loss 0.01]');
} else {
  const rows: (readonly string[])[] = [];
  for (const nodes of values.nodes.split(',').map(Number)) {
    for (const [by, run] of WAYS) {
      const before = process.cpuUsage();
      const scenario = { nodes, seed: Number(values.seed), lossRatio: Number(values.loss) };
      rows.push(row(by, run(scenario)));
      const { user, system } = process.cpuUsage(before);
      const tookS = (user + system) / 1e6;
      console.log(`${by}, ${nodes} nodes: 300 s simulated in ${tookS.toFixed(1)} CPU-seconds`);
      process.send?.({
        bench: '',
        what: `${by}, ${nodes} nodes: 300 s simulated`,
        value: `${tookS.toFixed(1)} CPU-seconds`,
        goal: `at most ${GOAL_S}`,
        met: tookS <= GOAL_S,
      });
    }
  }
  console.log(`\n${table(rows)}\n`);
  console.log('Times in seconds; messages and bytes of one node, the busiest in brackets.');
}
