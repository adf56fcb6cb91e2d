import { readFileSync } from 'node:fs';
import { nearest, parseDuration, parsePercent } from '@flyball/contract';
import { FLEETS, type FleetConfig } from '@flyball/control/sim';
import { LineCounter, parseDocument } from 'yaml';
import { z } from 'zod';
import { CommandError } from '../command.ts';
import { whyNot } from '../policy/read-policy.ts';

/** A quantity as policies write it. */
function quantity(parse: (text: string) => ReturnType<typeof parseDuration>) {
  return z.union([z.string(), z.number()]).transform((text, context) => {
    const parsed = parse(String(text));
    if (parsed.ok) return parsed.value;
    context.addIssue({ code: 'custom', message: parsed.message });
    return z.NEVER;
  });
}

const duration = quantity(parseDuration);
const percent = quantity(parsePercent);
const positive = z.number().positive();

const service = z.union([
  z.strictObject({ exponential: z.strictObject({ mean: duration }) }),
  z.strictObject({ lognormal: z.strictObject({ mean: duration, sigma: positive.max(3) }) }),
  z.strictObject({
    pareto: z.strictObject({ mean: duration, shape: positive.max(10), max: duration }),
  }),
]);

/** A plant as a file has it; what is left out is as the plant `swift` has it. */
const plantFile = z.strictObject({
  name: z.string().min(1).max(60),
  /** How long a request occupies a worker. */
  service,
  workers: z.number().int().min(1).max(1_000).default(2),
  startUp: z
    .strictObject({ mean: duration, spread: percent.prefault('20%') })
    .prefault({ mean: '5s' }),
  warmUp: z
    .strictObject({ for: duration, slowdown: z.number().min(1).max(20) })
    .prefault({ for: '0', slowdown: 1 }),
  /** Speeds of the machines there are. */
  speeds: z.array(positive).min(1).max(20).default([1]),
  balancing: z.enum(['round-robin', 'best-of-two']).default('best-of-two'),
  client: z
    .strictObject({
      timeout: duration,
      retries: z.number().int().min(0).max(10).default(0),
      backoff: duration.prefault('0'),
    })
    .prefault({ timeout: '10s' }),
});

/** `swift`, `heavy-tail`, `sluggish`, or a file. */
export function plantOf(word: string): FleetConfig {
  const known = FLEETS.find(({ name }) => name === word);
  if (known !== undefined) return known;
  if (/\.ya?ml$/.test(word)) return readPlant(word);
  const names = FLEETS.map(({ name }) => name);
  const meant = nearest(word, names);
  const cure =
    meant === null ? `there are ${names.join(', ')}, or a FILE.yaml` : `did you mean ${meant}?`;
  throw new CommandError(`--plant ${word}: there is no such plant: ${cure}`);
}

function readPlant(file: string): FleetConfig {
  const text = read(file);
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  if (document.errors.length > 0) {
    const told = document.errors.map(({ pos, message }) => {
      const { line, col } = lines.linePos(pos[0]);
      return `${file}:${line}:${col}: ${message}`;
    });
    throw new CommandError(...told);
  }
  const parsed = plantFile.safeParse(document.toJS());
  if (parsed.success) return fleetOf(parsed.data);
  throw new CommandError(
    ...parsed.error.issues.map(({ path, message }) => `${file}: ${path.join('.')}: ${message}`),
  );
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new CommandError(`--plant ${file}: ${whyNot(error as NodeJS.ErrnoException)}`);
  }
}

function fleetOf(plant: z.output<typeof plantFile>): FleetConfig {
  const { startUp, warmUp, client } = plant;
  return {
    name: plant.name,
    service: serviceOf(plant.service),
    workersPerReplica: plant.workers,
    startup: { meanMs: startUp.mean, spread: startUp.spread },
    warmup: { durationMs: warmUp.for, slowdown: warmUp.slowdown },
    speeds: plant.speeds,
    balancing: plant.balancing,
    client: { timeoutMs: client.timeout, retries: client.retries, backoffMs: client.backoff },
    // The policy says what is promised; without a word of it, the plants' usual.
    objective: { latencyMs: 1_500, badRatio: 0.01 },
  };
}

function serviceOf(given: z.output<typeof service>): FleetConfig['service'] {
  if ('exponential' in given) return { kind: 'exponential', meanMs: given.exponential.mean };
  if ('lognormal' in given) {
    const { mean, sigma } = given.lognormal;
    return { kind: 'lognormal', meanMs: mean, sigma };
  }
  const { mean, shape, max } = given.pareto;
  return { kind: 'pareto', meanMs: mean, shape, maxMs: max };
}
