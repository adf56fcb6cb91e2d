/**
 * Fuzzes the OTLP readers against their slow twin, for as long as one likes.
 * Usage: npm run fuzz [-- --minutes 10] [-- --seed N] [-- --case N]
 */
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { check, Fuzz, type FuzzCase } from '../../libs/tracing/src/otlp/fuzz.fixture.ts';
import { artifact } from '../support/artifacts.ts';

const REPORT_EVERY_MS = 10_000;
/** Far beyond any body this small: a reader that takes as long does more than walk over it. */
const SLOW_MS = 5_000;

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '10' },
    seed: { type: 'string', default: String(Date.now() % 2 ** 31) },
    case: { type: 'string' },
  },
});

function wholeNumber(name: string, text: string): number {
  const number = Number(text);
  if (!Number.isSafeInteger(number) || number < 0) {
    throw new Error(`--${name} must be a whole number, not ${text}`);
  }
  return number;
}

/** The body as a file, to be sent again or looked at. */
function keepBody({ request, body }: FuzzCase, name: string): string {
  const kind = typeof body === 'string' ? 'json' : 'bin';
  const file = artifact(`fuzz-${request}-${name}.${kind}`);
  writeFileSync(file, body);
  return file;
}

/** False when the case shows a fault; says which. */
function runCase(fuzz: Fuzz, seed: number, number: number, verdicts: Map<string, number>): boolean {
  const fuzzCase = fuzz.caseAt(number);
  const startedMs = performance.now();
  try {
    const verdict = check(fuzzCase);
    verdicts.set(verdict, (verdicts.get(verdict) ?? 0) + 1);
    const tookMs = performance.now() - startedMs;
    if (tookMs > SLOW_MS) throw new Error(`it took ${Math.round(tookMs)} ms`);
    return true;
  } catch (error) {
    const file = keepBody(fuzzCase, `${seed}-${number}`);
    process.stdout.write(`\nseed ${seed}, case ${number}: ${(error as Error).stack}\n`);
    process.stdout.write(`body: ${file}\n`);
    process.stdout.write(`again: npm run fuzz -- --seed ${seed} --case ${number}\n`);
    return false;
  }
}

function main(): boolean {
  const seed = wholeNumber('seed', values.seed);
  const fuzz = new Fuzz(seed);
  const verdicts = new Map<string, number>();
  const told = () => [...verdicts].map(([verdict, count]) => `${count} ${verdict}`).join(', ');
  if (values.case !== undefined) {
    const number = wholeNumber('case', values.case);
    const ok = runCase(fuzz, seed, number, verdicts);
    process.stdout.write(
      `${told()}\nbody: ${keepBody(fuzz.caseAt(number), `${seed}-${number}`)}\n`,
    );
    return ok;
  }
  const limitMs = 60_000 * Number(values.minutes);
  if (!(limitMs > 0)) throw new Error(`--minutes must be a number above 0`);
  process.stdout.write(`fuzzing with seed ${seed} for ${values.minutes} min\n`);
  const startedMs = performance.now();
  let reportedMs = startedMs;
  let number = 0;
  for (; performance.now() - startedMs < limitMs; number += 1) {
    if (!runCase(fuzz, seed, number, verdicts)) return false;
    if (performance.now() - reportedMs < REPORT_EVERY_MS) continue;
    reportedMs = performance.now();
    process.stdout.write(`${Math.round((reportedMs - startedMs) / 1000)} s: ${told()}\n`);
  }
  process.stdout.write(`${number} cases without a fault: ${told()}\n`);
  return true;
}

process.exitCode = main() ? 0 : 1;
