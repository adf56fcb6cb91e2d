/**
 * What a step of each law costs, how its state grows, and whether it survives as JSON.
 * Run: `npm run bench -- control-laws [NAME ...] [--machines]`
 */
import { parseArgs } from 'node:util';
import * as control from '../src/index.ts';
import type { LawBench } from './laws/bench.ts';
import { LAWS } from './laws/laws.ts';
import { MACHINES } from './laws/machines.ts';

const GOAL_NS = 2_000;
const WARM_STEPS = 20_000;
const ROUNDS = 12;
const ROUND_STEPS = 20_000;
const EARLY_STEPS = 1_000;
const LATE_STEPS = 100_000;
const STORED_STEPS = 2_000;
/** Numbers get digits: a full ring of them and a dozen counters are somewhat longer later. */
const MOST_GROWTH = 1.25;
const MOST_DIGITS = 100;

const HELP = `npm run bench -- control-laws [NAME ...] [--machines]
  NAME        only these
  --machines  breakers, limiters and queues too
`;

/** CPU time of the fastest round: what else the machine does can only make a step slower. */
function costNs(bench: LawBench): number {
  const runner = bench.begin();
  runner.run(WARM_STEPS);
  const rounds: number[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    const start = process.cpuUsage();
    runner.run(ROUND_STEPS);
    const { user, system } = process.cpuUsage(start);
    rounds.push(((user + system) * 1_000) / ROUND_STEPS);
  }
  return Math.min(...rounds);
}

interface Growth {
  readonly early: number;
  readonly late: number;
}

function growth(bench: LawBench): Growth {
  const runner = bench.begin();
  runner.run(EARLY_STEPS);
  const early = runner.size();
  runner.run(LATE_STEPS - EARLY_STEPS);
  return { early, late: runner.size() };
}

/** The first step after which a state that went through JSON says something else; null: none. */
function parted(bench: LawBench): number | null {
  const kept = bench.begin();
  const stored = bench.begin();
  for (let step = 0; step < STORED_STEPS; step += 1) {
    kept.run(1);
    stored.run(1);
    stored.store();
    if (kept.said() !== stored.said()) return step;
  }
  return null;
}

/** Laws of the library that no bench runs. */
function forgotten(): readonly string[] {
  const known = new Set([...LAWS, ...MACHINES].map(({ name }) => name));
  return Object.values(control).flatMap((value: unknown) => {
    const law = value as { readonly name?: unknown; readonly init?: unknown } | null;
    const isLaw = typeof law === 'object' && law !== null && typeof law.init === 'function';
    return isLaw && typeof law.name === 'string' && !known.has(law.name) ? [law.name] : [];
  });
}

function measure(bench: LawBench): boolean {
  const ns = costNs(bench);
  const { early, late } = growth(bench);
  const differs = parted(bench);
  const grows = late > early * MOST_GROWTH + MOST_DIGITS;
  const state = `state ${early} to ${late} characters${grows ? ', GROWS' : ''}`;
  const json = differs === null ? 'JSON same' : `JSON DIFFERS at step ${differs}`;
  const value = `${(ns / 1_000).toFixed(2)} µs a step`;
  const goal = `< ${GOAL_NS / 1_000} µs`;
  const met = ns < GOAL_NS;
  const verdict = `goal: ${goal}, ${met ? 'met' : 'MISSED'}`;
  process.stdout.write(`${bench.name.padEnd(16)} ${value} (${verdict}), ${state}, ${json}\n`);
  // To whoever runs all benches, for one table of figures.
  process.send?.({ bench: 'laws', what: bench.name, value, goal, met });
  return !grows && differs === null;
}

const { values, positionals } = parseArgs({
  options: { machines: { type: 'boolean' }, help: { type: 'boolean', short: 'h' } },
  allowPositionals: true,
});

if (values.help === true) {
  process.stdout.write(HELP);
} else {
  const all = [...LAWS, ...MACHINES];
  const named = all.filter(({ name }) => positionals.includes(name));
  const chosen = positionals.length > 0 ? named : values.machines === true ? all : LAWS;
  const sound = chosen.map(measure);
  const without = forgotten();
  if (without.length > 0) process.stdout.write(`no bench for ${without.join(', ')}\n`);
  if (sound.includes(false) || named.length < positionals.length) process.exitCode = 1;
}
