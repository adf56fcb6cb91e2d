/**
 * Runs the benches, one after the other, each in a process of its own, and ends with one table of
 * figures beside their goals. Usage: `npm run bench -- --help`
 */
import { fork, spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { endWithUs } from './support/ending.ts';
import type { Figure } from './support/figures.ts';

interface Bench {
  readonly letter: string;
  readonly name: string;
  readonly file: string;
  readonly about: string;
  /** Runs only when it is named. */
  readonly onlyNamed?: true;
  /** For the figures that are published. */
  readonly publishWith?: readonly string[];
}

const BENCHES: readonly Bench[] = [
  {
    letter: 'a',
    name: 'scan',
    file: 'libs/tracing/bench/scan.ts',
    about: 'scan against protobufjs decode',
  },
  {
    letter: 'b',
    name: 'pipeline',
    file: 'test/bench/pipeline.ts',
    about: 'the whole pipeline in one process',
  },
  {
    letter: 'c',
    name: 'loopback',
    file: 'test/bench/loopback.ts',
    about: 'the whole collector process, gRPC and HTTP',
    publishWith: ['--seconds', '180'],
  },
  {
    letter: 'd',
    name: 'memory',
    file: 'test/bench/memory.ts',
    about: 'memory per waiting span',
  },
  {
    letter: 'e',
    name: 'rows',
    file: 'test/bench/rows.ts',
    about: 'kept rows into the embedded ClickHouse',
  },
  {
    letter: 'f',
    name: 'critical-path',
    file: 'libs/tracing/bench/critical-path.ts',
    about: 'critical path of large traces',
  },
  {
    letter: 'g',
    name: 'open-traces',
    file: 'test/bench/open-traces.ts',
    about: 'throughput from 1,000 to 1,000,000 open traces',
  },
  {
    letter: 'h',
    name: 'peers',
    file: 'test/bench/peers/main.ts',
    about: 'the OpenTelemetry Collector beside Flyball (needs Go)',
    onlyNamed: true,
  },
  {
    letter: '',
    name: 'sampling',
    file: 'libs/tracing/bench/sampling.ts',
    about: 'what deciding costs, by rules',
    onlyNamed: true,
  },
  {
    letter: '',
    name: 'profile',
    file: 'test/bench/profile.ts',
    about: "where the collector's CPU time goes",
    onlyNamed: true,
  },
  {
    letter: '',
    name: 'load',
    file: 'test/bench/load/main.ts',
    about: 'the load generator alone',
    onlyNamed: true,
  },
  {
    letter: '',
    name: 'control',
    file: 'test/bench/control/main.ts',
    about: 'the default law against HPA and others, simulated',
    onlyNamed: true,
  },
  {
    letter: '',
    name: 'control-laws',
    file: 'libs/control/bench/laws.ts',
    about: 'what a step of each law costs',
    onlyNamed: true,
  },
  {
    letter: '',
    name: 'scale',
    file: 'libs/control/bench/scale.ts',
    about: 'leases against gossip, simulated',
    onlyNamed: true,
  },
  {
    letter: '',
    name: 'storm',
    file: 'libs/control/bench/storm.ts',
    about: 'replica laws in 10,000 storms each',
    onlyNamed: true,
  },
];

const HELP = `npm run bench                     all but those marked *
npm run bench -- NAME [OPTIONS]   one of them; NAME --help tells its options
npm run bench -- --markdown       ends with a table for docs/benchmarks.md
npm run bench -- --publish        all and peers, at length, into docs/benchmarks.md
npm run bench -- --publish --short   the same, minutes instead of half an hour
npm run bench:peers               peers
npm run bench:control             control

${BENCHES.map(({ letter, name, about, onlyNamed }) => {
  const key = letter === '' ? '   ' : `(${letter})`;
  return `  ${key} ${name.padEnd(14)} ${about}${onlyNamed ? ' *' : ''}\n`;
}).join('')}
A goal that is missed is said to be, and is no error.
`;

const ROOT = join(import.meta.dirname, '..', '..');
const DOCUMENT = join(ROOT, 'docs', 'benchmarks.md');
const LIMIT_MS = 60 * 60_000;

interface Outcome {
  readonly figures: readonly Figure[];
  readonly failed: boolean;
}

function run(bench: Bench, args: readonly string[]): Promise<Outcome> {
  process.stdout.write(`\n── ${bench.name}: ${bench.about}\n`);
  const figures: Figure[] = [];
  const execArgv = [
    '--expose-gc',
    '--conditions=@flyball/source',
    '--disable-warning=ExperimentalWarning',
  ];
  const child = endWithUs(
    fork(join(ROOT, bench.file), args, { cwd: ROOT, execArgv, timeout: LIMIT_MS }),
    'SIGTERM',
  );
  child.on('message', (figure: Figure) => figures.push(figure));
  return new Promise((resolve) => {
    child.once('close', (code) => resolve({ figures, failed: code !== 0 }));
  });
}

function verdict({ met }: Figure): string {
  return met === undefined ? '' : met ? 'met' : 'MISSED';
}

function table(figures: readonly Figure[], markdown: boolean): string {
  const head = ['', 'what', 'figure', 'goal', ''];
  const rows = figures.map((figure) => [
    figure.bench,
    figure.what,
    figure.value,
    figure.goal ?? '',
    verdict(figure),
  ]);
  const widths = head.map((title, column) =>
    Math.max(3, title.length, ...rows.map((row) => row[column]?.length ?? 0)),
  );
  const line = (cells: readonly string[]) => {
    const padded = cells.map((cell, column) => cell.padEnd(widths[column] ?? 0));
    return markdown ? `| ${padded.join(' | ')} |` : padded.join('  ').trimEnd();
  };
  const rule = line(widths.map((width) => '-'.repeat(width)));
  return `${[line(head), rule, ...rows.map(line)].join('\n')}\n`;
}

const MARKS = ['<!-- figures -->\n', '<!-- end of figures -->'] as const;

function publish(figures: readonly Figure[]): void {
  const text = readFileSync(DOCUMENT, 'utf8');
  const [start, end] = MARKS.map((mark) => text.indexOf(mark));
  if (start === undefined || end === undefined || start < 0 || end < start) {
    throw new Error(`${DOCUMENT} has no place for figures`);
  }
  const before = text.slice(0, start + MARKS[0].length);
  const day = new Date().toISOString().slice(0, 10);
  const body = `\nMeasured on ${day}.\n\n${table(figures, true)}\n`;
  writeFileSync(DOCUMENT, before + body + text.slice(end));
  spawnSync('biome', ['format', '--write', DOCUMENT], { cwd: ROOT });
  process.stdout.write(`\nwritten to ${DOCUMENT}\n`);
}

function chosen(name: string | undefined, all: boolean): readonly Bench[] {
  if (name === undefined)
    return BENCHES.filter((bench) => (all ? bench.letter !== '' : !bench.onlyNamed));
  return BENCHES.filter((bench) => bench.name === name || bench.letter === name);
}

async function main(argv: readonly string[]): Promise<number> {
  const [first] = argv;
  const name = first?.startsWith('-') ? undefined : first;
  const asked = (flag: string) => argv.includes(flag);
  if (name === undefined && (asked('--help') || asked('-h'))) {
    process.stdout.write(HELP);
    return 0;
  }
  const isPublished = asked('--publish');
  const benches = chosen(name, isPublished);
  if (benches.length === 0) {
    process.stderr.write(`there is no bench "${name}"\n\n${HELP}`);
    return 1;
  }
  const own = new Set(['--markdown', '--publish', '--short']);
  const unknown = name === undefined ? argv.filter((argument) => !own.has(argument)) : [];
  if (unknown.length > 0) {
    process.stderr.write(`not understood: ${unknown.join(' ')}\n\n${HELP}`);
    return 1;
  }
  const passed = argv.slice(name === undefined ? argv.length : 1).filter((one) => !own.has(one));
  const outcomes: Outcome[] = [];
  for (const bench of benches) {
    const args = isPublished && !asked('--short') ? (bench.publishWith ?? []) : passed;
    outcomes.push(await run(bench, args));
  }
  const figures = outcomes.flatMap((outcome) => outcome.figures);
  if (figures.length > 0) process.stdout.write(`\n${table(figures, asked('--markdown'))}`);
  if (isPublished) publish(figures);
  return outcomes.some(({ failed }) => failed) ? 1 : 0;
}

process.exitCode = await main(process.argv.slice(2));
