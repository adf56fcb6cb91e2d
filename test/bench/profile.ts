/**
 * Profiles the collector under load: where its CPU time goes, by function and by folder.
 * Run: `npm run bench -- profile --help`
 */
import { globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { ROOT } from '../support/process.ts';
import { startBenchCollector } from './support/collector.ts';
import { startLoader } from './support/loader.ts';

const HELP = `Profiles the collector under load and prints the functions that take most time.

  --protocol NAME   grpc or http                 [grpc]
  --shape NAME      whole or scattered           [scattered]
  --rate N          spans per second, or max     [100000]
  --seconds N       how long                     [15]
  --top N           functions shown              [45]
  --keep FILE       keeps the profile there, e.g. for a browser's developer tools
`;

interface CpuProfile {
  readonly nodes: readonly {
    readonly id: number;
    readonly callFrame: { functionName: string; url: string; lineNumber: number };
  }[];
  readonly samples: readonly number[];
  readonly timeDeltas: readonly number[];
}

interface Place {
  readonly name: string;
  readonly file: string;
  readonly line: number;
}

/** What it calls the program stays in: native code, such as HTTP/2 and system calls. */
const IDLE = new Set(['(idle)', '(root)']);

function placeOf({ functionName, url, lineNumber }: CpuProfile['nodes'][number]['callFrame']) {
  const file = url.startsWith('file://') ? decodeURIComponent(url.slice(7)) : url;
  const short = file.replace(`${ROOT}/`, '').replace(/^.*\/node_modules\//, 'node_modules/');
  return { name: functionName || '(anonymous)', file: short || 'engine', line: lineNumber + 1 };
}

/** Self time by function, microseconds; idle time left out. */
function selfTimes(profile: CpuProfile): Map<string, { place: Place; us: number }> {
  const places = new Map(profile.nodes.map(({ id, callFrame }) => [id, placeOf(callFrame)]));
  const times = new Map<string, { place: Place; us: number }>();
  profile.samples.forEach((id, index) => {
    const place = places.get(id) as Place;
    if (IDLE.has(place.name)) return;
    const key = `${place.name} ${place.file}:${place.line}`;
    const entry = times.get(key) ?? { place, us: 0 };
    times.set(key, entry);
    // A sample stands for the time until the next one.
    entry.us += profile.timeDeltas[index + 1] ?? 0;
  });
  return times;
}

/** Node's own modules count as one. */
function folderOf({ file, name }: Place): string {
  if (file === 'engine') return name;
  return /^(node|wasm):/.test(file) ? 'Node.js' : file.slice(0, Math.max(0, file.lastIndexOf('/')));
}

function print(profile: CpuProfile, top: number): void {
  const entries = [...selfTimes(profile).values()].sort((a, b) => b.us - a.us);
  const all = entries.reduce((sum, { us }) => sum + us, 0);
  const share = (us: number) => `${((100 * us) / all).toFixed(1).padStart(5)} %`;
  const sums = (keyOf: (place: Place) => string) =>
    [...Map.groupBy(entries, ({ place }) => keyOf(place))]
      .map(([key, own]) => ({ key, us: own.reduce((sum, { us }) => sum + us, 0) }))
      .sort((a, b) => b.us - a.us);
  process.stdout.write('\nself time by folder\n');
  for (const { key, us } of sums(folderOf).slice(0, 16)) {
    process.stdout.write(`${share(us)}  ${key}\n`);
  }
  process.stdout.write('\nself time by file\n');
  for (const { key, us } of sums(({ file }) => file).slice(0, 30)) {
    process.stdout.write(`${share(us)}  ${key}\n`);
  }
  process.stdout.write('\nself time by function\n');
  for (const { place, us } of entries.slice(0, top)) {
    process.stdout.write(`${share(us)}  ${place.name.padEnd(30)} ${place.file}:${place.line}\n`);
  }
}

async function record(values: { protocol: string; shape: string; rate: string; seconds: string }) {
  const directory = mkdtempSync(join(tmpdir(), 'flyball-profile-'));
  try {
    const flags = `--cpu-prof --cpu-prof-dir=${directory} --cpu-prof-interval=500`;
    const collector = await startBenchCollector({ nodeOptions: flags });
    const { protocol, shape, rate } = values as { protocol: 'grpc'; shape: 'whole'; rate: string };
    const target = protocol === 'grpc' ? collector.grpc : collector.http;
    const pace = rate === 'max' ? {} : { rate: Number(rate) };
    const loader = startLoader({ target, protocol, shape, ...pace });
    try {
      await pause(Number(values.seconds) * 1000);
      const { cpuS } = collector.usage();
      const counters = await loader.stop();
      const us = ((cpuS * 1e6) / counters.accepted).toFixed(2);
      const perSecond = Math.round((counters.accepted * 1000) / counters.elapsedMs);
      process.stdout.write(`${us} us per span at ${perSecond} spans/s, profiler and start-up in\n`);
    } finally {
      await collector.stop();
    }
    const [file] = globSync('*.cpuprofile', { cwd: directory });
    if (file === undefined) throw new Error('the collector left no profile');
    return readFileSync(join(directory, file), 'utf8');
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      protocol: { type: 'string', default: 'grpc' },
      shape: { type: 'string', default: 'scattered' },
      rate: { type: 'string', default: '100000' },
      seconds: { type: 'string', default: '15' },
      top: { type: 'string', default: '45' },
      keep: { type: 'string' },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  if (values.help) {
    process.stdout.write(HELP);
    return;
  }
  const text = await record(values);
  if (values.keep !== undefined) writeFileSync(values.keep, text);
  print(JSON.parse(text) as CpuProfile, Number(values.top));
}

await main();
