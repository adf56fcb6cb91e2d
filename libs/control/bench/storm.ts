/**
 * Every replica law in 10,000 seeded storms of lost, zeroed, stale and impossible figures, clocks
 * that are set and actuators that fail: how often did it do the opposite of what was right?
 * Run: `npm run bench -- storm [--law pid] [--runs 10000] [--first 0]`
 * One run, step by step: `npm run bench -- storm --law pid --seed 17`
 */
import { parseArgs } from 'node:util';
import {
  replayCommand,
  runStorm,
  STORM_LAWS,
  type StormLaw,
  type StormNote,
  type StormRun,
} from '../src/sim/storm/index.ts';

const HELP = `npm run bench -- storm [--law ${STORM_LAWS.join('|')}] [--runs 10000] [--first 0]
npm run bench -- storm --law LAW --seed N        one run, step by step
                       --unconfirmed             without the guard that doubts silence`;

function lawsOf(name: string | undefined): readonly StormLaw[] {
  if (name === undefined) return STORM_LAWS;
  const law = STORM_LAWS.find((known) => known === name);
  if (law === undefined) throw new Error(`there is no law "${name}" here\n${HELP}`);
  return [law];
}

function number(name: string, text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 0) {
    throw new Error(`--${name} is ${text}: it must be a whole number`);
  }
  return value;
}

const shown = (value: number | null): string =>
  value === null ? '-' : Number.isFinite(value) ? String(Number(value.toPrecision(3))) : `${value}`;

function line({ atS, seen, need, proposed, value, reason }: StormNote): string {
  const { ratePerSecond, utilization, inFlight, evidenceAgeMs, applied, ready } = seen;
  return [
    `${atS} s`.padStart(7),
    `need ${shown(need)}`.padEnd(10),
    `applied ${applied}, ready ${ready}`.padEnd(24),
    `rate ${shown(ratePerSecond)}, busy ${shown(utilization)}, inside ${shown(inFlight)},`.padEnd(
      42,
    ),
    `age ${shown(evidenceAgeMs)} ms`.padEnd(20),
    `asked ${shown(proposed)}, left ${shown(value)}: ${reason}`,
  ].join(' ');
}

/** Steps in which something was done, and those around what was wrong. */
function tell(run: StormRun): void {
  const troubles = run.actions.filter(({ verdict }) => verdict !== 'right');
  const isNear = (atS: number) =>
    troubles.some(({ decidedS }) => atS > decidedS - 90 && atS <= decidedS);
  for (const note of run.log) {
    if (note.value !== note.seen.applied || isNear(note.atS)) console.log(line(note));
  }
  for (const { verdict, decidedS, effectS, from, to, least, most } of troubles) {
    console.log(
      `${verdict}: decided at ${decidedS} s, in force at ${effectS} s: ${from} to ${to}, ` +
        `while the demand kept ${shown(least)} to ${shown(most)} busy`,
    );
  }
  console.log(troubles.length === 0 ? 'nothing wrong' : `${troubles.length} wrong`);
}

interface Total {
  actions: number;
  wrong: number;
  blindDowns: number;
  overloadedS: number;
  replicaSeconds: number;
  neededSeconds: number;
}

function many(law: StormLaw, runs: number, first: number, unconfirmed: boolean): number {
  const startedMs = performance.now();
  const total: Total = {
    actions: 0,
    wrong: 0,
    blindDowns: 0,
    overloadedS: 0,
    replicaSeconds: 0,
    neededSeconds: 0,
  };
  const failing: StormRun[] = [];
  for (let seed = first; seed < first + runs; seed += 1) {
    const run = runStorm(law, seed, { unconfirmed });
    total.actions += run.actions.length;
    total.wrong += run.wrong.length;
    total.blindDowns += run.blindDowns;
    total.overloadedS += run.overloadedS;
    total.replicaSeconds += run.replicaSeconds;
    total.neededSeconds += run.neededSeconds;
    if (run.wrong.length + run.blindDowns > 0) failing.push(run);
  }
  const tookS = ((performance.now() - startedMs) / 1_000).toFixed(0);
  const excess = (total.replicaSeconds / total.neededSeconds).toFixed(2);
  const overload = ((100 * total.overloadedS) / (runs * 2_400)).toFixed(2);
  console.log(
    `${law}: ${runs.toLocaleString('en')} runs in ${tookS} s, ` +
      `${total.actions.toLocaleString('en')} actions, ${total.wrong} in a wrong direction, ` +
      `${total.blindDowns} down while blind; overloaded ${overload} % of the time, ` +
      `${excess} times what full use would need`,
  );
  for (const run of failing.slice(0, 10))
    console.log(`  ${replayCommand(run)}${unconfirmed ? ' --unconfirmed' : ''}`);
  if (failing.length > 10) console.log(`  and ${failing.length - 10} more seeds`);
  process.send?.({
    bench: '',
    what: `${law}: wrong or blind actions in ${runs.toLocaleString('en')} storms`,
    value: `${total.wrong} and ${total.blindDowns}, of ${total.actions.toLocaleString('en')}`,
    goal: '0 and 0',
    met: failing.length === 0,
  });
  return failing.length;
}

const { values } = parseArgs({
  options: {
    law: { type: 'string' },
    seed: { type: 'string' },
    runs: { type: 'string', default: '10000' },
    first: { type: 'string', default: '0' },
    unconfirmed: { type: 'boolean', default: false },
    help: { type: 'boolean', short: 'h', default: false },
  },
});

if (values.help) {
  console.log(HELP);
} else if (values.seed !== undefined) {
  for (const law of lawsOf(values.law)) {
    const run = runStorm(law, number('seed', values.seed), {
      log: true,
      unconfirmed: values.unconfirmed,
    });
    console.log(`${law}, seed ${values.seed}`);
    tell(run);
    if (run.wrong.length + run.blindDowns > 0) process.exitCode = 1;
  }
} else {
  const runs = number('runs', values.runs);
  const first = number('first', values.first);
  const failing = lawsOf(values.law).map((law) => many(law, runs, first, values.unconfirmed));
  if (failing.some((count) => count > 0)) process.exitCode = 1;
}
