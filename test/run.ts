/**
 * Runs every test there is and ends with one line, `N passed, N failed`.
 * Usage: npm test [-- --project unit,tidy] [-- FILTER...]
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { ensureChromium } from './support/chromium.ts';

const root = join(import.meta.dirname, '..');
const artifacts = join(import.meta.dirname, '.artifacts');
const results = join(artifacts, 'results.json');
const projects = ['tidy', 'unit', 'conformance', 'e2e', 'faults', 'browser'] as const;

interface Count {
  passed: number;
  failed: number;
}

/** The whole suite on two cores takes far less; past this something hangs. */
const LIMIT_MS = 80 * 60_000;

function run(title: string, command: string, args: readonly string[]): boolean {
  process.stdout.write(`\n── ${title}\n`);
  const result = spawnSync(command, args, {
    cwd: root,
    stdio: ['ignore', 'inherit', 'inherit'],
    timeout: LIMIT_MS,
    env: { ...process.env, NX_DAEMON: 'false', FORCE_COLOR: process.env.FORCE_COLOR ?? '0' },
  });
  if (result.error !== undefined) process.stdout.write(`${title}: ${result.error.message}\n`);
  return result.status === 0;
}

/** What Vitest counted; a run that wrote no report, or ran nothing, is a failure. */
function vitest(selected: readonly string[], filters: readonly string[]): Count {
  rmSync(results, { force: true });
  const args = ['run', '--reporter=default', '--reporter=json', `--outputFile.json=${results}`];
  const chosen = selected.flatMap((project) => ['--project', project]);
  const clean = run(selected.join(', '), 'vitest', [...args, ...chosen, ...filters]);
  if (!existsSync(results)) return { passed: 0, failed: 1 };
  const report = JSON.parse(readFileSync(results, 'utf8')) as {
    numPassedTests: number;
    numFailedTests: number;
    numPendingTests: number;
    numTotalTests: number;
  };
  if (report.numPendingTests > 0) {
    process.stdout.write(`${report.numPendingTests} tests were skipped: nothing may be skipped\n`);
  }
  const failed = report.numFailedTests + report.numPendingTests;
  const broken = (!clean && failed === 0) || report.numTotalTests === 0;
  return { passed: report.numPassedTests, failed: failed + (broken ? 1 : 0) };
}

function arguments_(argv: readonly string[]): { selected: string[]; filters: string[] } {
  const selected: string[] = [];
  const filters: string[] = [];
  for (let index = 0; index < argv.length; index++) {
    if (argv[index] === '--project') selected.push(...(argv[++index] ?? '').split(','));
    else filters.push(argv[index] ?? '');
  }
  const unknown = selected.filter((name) => !projects.some((project) => project === name));
  if (unknown.length > 0) {
    throw new Error(`no such project: ${unknown.join(', ')}; there are: ${projects.join(', ')}`);
  }
  return { selected, filters };
}

/** Projects that run together. */
function groupsOf(chosen: readonly string[], onlyFiltered: boolean): string[][] {
  // Nothing matches in most projects then, and a run of nothing is a failure.
  if (onlyFiltered) return [[...chosen]];
  // Processes are started by the later projects: they get the machine to themselves.
  const isLight = (name: string) => name === 'tidy' || name === 'unit';
  const light = chosen.filter(isLight);
  const heavy = chosen.filter((name) => !isLight(name)).map((name) => [name]);
  return light.length > 0 ? [light, ...heavy] : heavy;
}

function main(): void {
  const { selected, filters } = arguments_(process.argv.slice(2));
  const whole = selected.length === 0 && filters.length === 0;
  mkdirSync(artifacts, { recursive: true });
  const total: Count = { passed: 0, failed: 0 };
  const add = (count: Count) => {
    total.passed += count.passed;
    total.failed += count.failed;
  };
  const check = (ok: boolean) => add(ok ? { passed: 1, failed: 0 } : { passed: 0, failed: 1 });
  if (whole) {
    check(run('format and lint', 'biome', ['check', '.']));
    check(run('types', 'nx', ['run-many', '-t', 'typecheck', '--outputStyle=stream']));
  }
  const chosen = selected.length === 0 ? [...projects] : selected;
  if (chosen.includes('browser')) ensureChromium();
  for (const group of groupsOf(chosen, selected.length === 0 && !whole)) {
    add(vitest(group, filters));
  }
  process.stdout.write(`\n${total.passed} passed, ${total.failed} failed\n`);
  process.exitCode = total.failed === 0 ? 0 : 1;
}

main();
