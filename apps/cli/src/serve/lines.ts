/** The schema of what goes in and out of `flyball policy serve`, one JSON object a line. */
import { z } from 'zod';

const figure = (description: string) => z.number().nullish().describe(description);

/** What is seen of the service now. Figures that are not measured are null or left out. */
export const observationLine = z
  .object({
    nowMs: z
      .number()
      .describe('Milliseconds on any clock that does not go back; epoch time for freeze windows.'),
    windowMs: z
      .number()
      .positive()
      .nullish()
      .describe('How long the figures were measured over. Default: observe.window of the policy.'),
    evidenceAgeMs: z
      .number()
      .nullish()
      .describe(
        'How long ago that window ended. Left out: 0. Null: there is no evidence, nothing moves.',
      ),
    ratePerSecond: figure('Requests that arrived per second, retries included.'),
    utilization: figure('Busy share of the workers, or CPU, of the ready replicas, 0 to 1.'),
    inFlight: figure(
      'Mean number of requests inside, waiting or worked on, all replicas together.',
    ),
    p99Ms: figure('99th percentile of the latency, milliseconds.'),
    errorRatio: figure('Failed of all requests that ended, 0 to 1.'),
    applied: figure(
      'Replicas asked for by what is in force: ready, starting and to be started. ' +
        'Left out: what was answered last.',
    ),
    ready: figure('Replicas that serve. Left out: `applied` less `starting`.'),
    starting: figure('Replicas on their way. Left out: `applied` less `ready`.'),
    hand: z.boolean().nullish().describe('A person has the knob: the law follows, nothing moves.'),
  })
  .meta({ title: 'Observation' });

export type ObservationLine = z.output<typeof observationLine>;

export const resetLine = z
  .object({ reset: z.literal(true).describe('Forget everything: a new run begins.') })
  .meta({ title: 'Reset' });

const decisionLine = z
  .object({
    value: z.number().describe('Replicas to ask for, within the limits of the policy.'),
    reason: z.string().describe('Why, as one of a fixed set of words.'),
    text: z.string().describe('Why, as a sentence.'),
    terms: z.record(z.string(), z.number()).describe('The figures the decision rests on.'),
    proposed: z.number().describe('What the law asked for before the guards.'),
    weights: z
      .object({
        slowStartMs: z
          .number()
          .describe(
            'A replica that became ready t ms ago is meant to get t / slowStartMs of its ' +
              'share of the requests, at least a tenth and at most all of it.',
          ),
      })
      .optional()
      .describe('What the law asks of the load balancer; left out: nothing.'),
    ignored: z
      .array(z.string())
      .optional()
      .describe('Fields of the observation that are not known here.'),
  })
  .meta({ title: 'Decision' });

export type DecisionLine = z.output<typeof decisionLine>;

const startedLine = z
  .object({
    reset: z.literal(true),
    policy: z.string(),
    law: z.string(),
    everyMs: z.number().describe('How often the policy wants to be asked.'),
    min: z.number(),
    max: z.number(),
  })
  .meta({ title: 'Started', description: 'Answer to a reset.' });

export type StartedLine = z.output<typeof startedLine>;

const errorLine = z
  .object({ error: z.string().describe('What is wrong with the line; nothing was lost by it.') })
  .meta({ title: 'Error' });

/** JSON Schema (draft 2020-12): `$defs/input` is a line in, `$defs/output` a line out. */
export function serveJsonSchema(): Record<string, unknown> {
  const input = z.toJSONSchema(z.union([resetLine, observationLine]), { io: 'input' });
  const output = z.toJSONSchema(z.union([decisionLine, startedLine, errorLine]));
  const inner = ({ $schema: _, ...schema }: Record<string, unknown>) => schema;
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: 'flyball policy serve',
    description:
      'One JSON object a line on standard input, one answer a line on standard output, in order.',
    $defs: { input: inner(input), output: inner(output) },
  };
}
