/**
 * `npm run bench:control`: the default law against Kubernetes' HPA and others, in the simulator.
 * Every cell (plant, load, seed) is judged in one of several processes; what comes of it stands in
 * docs/control-quality.md.
 */
import { fork, spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { FLEETS } from '@flyball/control/sim';
import { endWithUs } from '../support/ending.ts';
import { loadCases } from './contest.ts';
import type { Cell, Verdict } from './judge.ts';
import { document, summary } from './report.ts';

const HELP = `npm run bench:control [-- OPTIONS]

  --load FILE     a recorded load, one rate per second a line; may be given several times
  --seeds N       seeds per load                                        (3)
  --first SEED    the first of them                                     (1)
  --plant NAME    one of ${FLEETS.map(({ name }) => name).join(', ')}   (all)
  --only LOAD     one load by its name                                  (all)
  --write         puts the figures into docs/control-quality.md
  --raw FILE      keeps every score as JSON

The published figures are of seeds 9101 to 9110, which were not looked at before:
  npm run bench:control -- --seeds 10 --first 9101 --load ... --write
`;

const DOCUMENT = join(import.meta.dirname, '..', '..', '..', 'docs', 'control-quality.md');
const CELL_LIMIT_MS = 600_000;

/** Hands out the cells to processes, one at a time each, and collects the verdicts. */
async function judgeAll(cells: readonly Cell[], files: readonly string[]): Promise<Verdict[]> {
  const waiting = [...cells];
  const verdicts: Verdict[] = [];
  const startedMs = performance.now();
  const work = () =>
    new Promise<void>((done, fail) => {
      const script = join(import.meta.dirname, 'judge.ts');
      const child = endWithUs(
        fork(script, [JSON.stringify(files)], { execArgv: process.execArgv }),
      );
      let timer: NodeJS.Timeout | undefined;
      const next = () => {
        clearTimeout(timer);
        const cell = waiting.shift();
        if (cell === undefined) {
          child.kill();
          done();
          return;
        }
        const late = () => fail(new Error(`${JSON.stringify(cell)} took too long`));
        timer = setTimeout(late, CELL_LIMIT_MS);
        child.send(cell);
      };
      child.on('message', (verdict: Verdict) => {
        verdicts.push(verdict);
        progress(verdicts.length, cells.length, performance.now() - startedMs);
        next();
      });
      child.on('error', fail);
      child.on('exit', (code) => {
        if (code !== null && code !== 0) fail(new Error(`a judge ended with ${code}`));
      });
      next();
    });
  const judges = Math.min(cells.length, Math.max(1, availableParallelism()));
  await Promise.all(Array.from({ length: judges }, work));
  return verdicts;
}

function progress(done: number, all: number, elapsedMs: number): void {
  if (done % Math.max(1, Math.round(all / 40)) !== 0 && done !== all) return;
  const leftS = Math.round((elapsedMs / done) * (all - done)) / 1_000;
  process.stderr.write(`${done} of ${all} cells, about ${Math.ceil(leftS)} s left\n`);
}

/** What is judged: the commit when the judges start, and whether the tree was as it is. */
function commitNow(): string {
  const git = (...args: string[]) =>
    spawnSync('git', args, { cwd: import.meta.dirname, encoding: 'utf8' }).stdout?.trim() ?? '';
  const own = 'libs/control/src';
  const changed = git('status', '--porcelain', '--', `:/${own}`, ':/test/bench/control') !== '';
  return `commit ${git('rev-parse', '--short', 'HEAD')}${changed ? ' with changes' : ''}`;
}

const MARKS = ['<!-- figures -->\n', '<!-- end of figures -->'] as const;

function write(text: string): void {
  const before = readFileSync(DOCUMENT, 'utf8');
  const [start, end] = MARKS.map((mark) => before.indexOf(mark)) as [number, number];
  if (start < 0 || end < start) throw new Error(`${DOCUMENT} has no place for figures`);
  const head = before.slice(0, start + MARKS[0].length);
  writeFileSync(DOCUMENT, `${head}\n${text}\n${before.slice(end)}`);
  spawnSync('biome', ['format', '--write', DOCUMENT]);
  process.stdout.write(`written to docs/control-quality.md\n`);
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      load: { type: 'string', multiple: true, default: [] },
      seeds: { type: 'string', default: '3' },
      first: { type: 'string', default: '1' },
      plant: { type: 'string' },
      only: { type: 'string' },
      write: { type: 'boolean', default: false },
      raw: { type: 'string' },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  if (values.help) {
    process.stdout.write(HELP);
    return;
  }
  const from = process.env.INIT_CWD ?? process.cwd();
  const files = values.load.map((file) => resolve(from, file));
  const loads = loadCases(files).filter(({ name }) => (values.only ?? name) === name);
  const fleets = FLEETS.filter(({ name }) => (values.plant ?? name) === name);
  const seeds = Number(values.seeds);
  const first = Number(values.first);
  if (!Number.isInteger(seeds) || seeds < 1) throw new Error(`--seeds ${values.seeds}: 1 or more`);
  if (!Number.isInteger(first)) throw new Error(`--first ${values.first}: a whole number`);
  if (loads.length === 0 || fleets.length === 0) {
    throw new Error(`no such ${loads.length === 0 ? 'load' : 'plant'}; see --help`);
  }
  const cells = fleets.flatMap((fleet) =>
    loads.flatMap((load) =>
      Array.from({ length: seeds }, (_, index) => ({
        fleet: fleet.name,
        load: load.name,
        seed: first + index,
      })),
    ),
  );
  const commit = commitNow();
  const verdicts = await judgeAll(cells, files);
  if (values.raw !== undefined) writeFileSync(resolve(from, values.raw), JSON.stringify(verdicts));
  process.stdout.write(summary(verdicts));
  if (values.write) write(document(verdicts, commit));
}

try {
  await main();
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
