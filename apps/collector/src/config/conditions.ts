import { patternFault } from '@flyball/tracing';
import { z } from 'zod';
import { count, duration, percent } from './fields.ts';

const DAY_MS = 24 * 3_600_000;
const MAX_NESTED = 50;

const name = z.string().min(1).max(256);
const oneOrMore = <Item extends z.ZodType>(item: Item) =>
  z.union([item, z.array(item).min(1).max(1000)]);

const pattern = z.string().superRefine((written, context) => {
  const fault = patternFault(written);
  if (fault === undefined) return;
  const message = `${JSON.stringify(written)} is no pattern: ${fault}`;
  context.addIssue({ code: 'custom', message });
});

const matches = z.strictObject({
  matches: pattern.describe('A regular expression, found anywhere unless it has ^ or $.'),
});

/** `checkout`, `[checkout, cart]` or `{ matches: ^pay }`. */
const names = z.union([name, z.array(name).min(1).max(1000), matches]);
export type Names = z.infer<typeof names>;

const scalar = z.union([z.string().max(4096), z.number(), z.boolean()]);

const attribute = z
  .strictObject({
    key: name,
    on: z.enum(['span', 'resource']).optional().describe('Left out: on either.'),
    exists: z.literal(true).optional(),
    equals: scalar.optional(),
    anyOf: oneOrMore(scalar).optional(),
    matches: pattern.optional(),
    above: z.number().optional(),
    atLeast: z.number().optional(),
    below: z.number().optional(),
    atMost: z.number().optional(),
    between: z.tuple([z.number(), z.number()]).optional().describe('Both ends included.'),
  })
  .superRefine((written, context) => {
    const tests = ['exists', 'equals', 'anyOf', 'matches', 'between'].filter((test) =>
      Object.hasOwn(written, test),
    );
    const bounds = ['above', 'atLeast', 'below', 'atMost'].filter((test) =>
      Object.hasOwn(written, test),
    );
    const kinds = [...tests, ...(bounds.length > 0 ? [bounds.join(' and ')] : [])];
    if (kinds.length > 1) {
      const message = `say one of ${kinds.join(', ')}: two tests are two attributes`;
      context.addIssue({ code: 'custom', message });
    }
  });
export type AttributeWritten = z.infer<typeof attribute>;

const traceState = z.strictObject({
  key: name,
  anyOf: oneOrMore(name).optional(),
  matches: pattern.optional(),
});

const status = z.enum(['unset', 'ok', 'error']);
const kind = z.enum(['unspecified', 'internal', 'server', 'client', 'producer', 'consumer']);

/** What may be asked of a span; in a trace, of any of its spans. */
const spanFields = {
  error: z.literal(true).optional().describe('Status error.'),
  status: oneOrMore(status).optional(),
  kind: oneOrMore(kind).optional(),
  service: names.optional(),
  operation: names.optional(),
  attribute: attribute.optional(),
  attributes: z.array(attribute).min(1).max(MAX_NESTED).optional(),
  sampled: z.boolean().optional().describe('The W3C trace flag.'),
  random: z.boolean().optional().describe('The W3C trace flag.'),
  traceState: traceState.optional(),
};

const latency = {
  latencyOver: duration(0, DAY_MS).optional(),
  latencyUnder: duration(0, DAY_MS).optional(),
};

/** A condition on one span, as people write it; several fields must all hold. */
export interface SpanWhen extends z.infer<z.ZodObject<typeof spanFields & typeof latency>> {
  readonly all?: SpanWhen[] | undefined;
  readonly any?: SpanWhen[] | undefined;
  readonly not?: SpanWhen | undefined;
}

const EMPTY = 'an empty condition: leave it out to match everything';
const isFilled = (value: object) => Object.keys(value).length > 0;

const spanWhen: z.ZodType<SpanWhen, object> = z.lazy(() =>
  z
    .strictObject({
      ...spanFields,
      ...latency,
      all: z.array(spanWhen).min(1).max(MAX_NESTED).optional(),
      any: z.array(spanWhen).min(1).max(MAX_NESTED).optional(),
      not: spanWhen.optional(),
    })
    .refine(isFilled, { message: EMPTY }),
) as unknown as z.ZodType<SpanWhen, object>;

const criticalPath = z
  .strictObject({
    over: duration(0, DAY_MS).optional(),
    share: percent().optional(),
    service: names.optional(),
    operation: names.optional(),
  })
  .refine((written) => written.over !== undefined || written.share !== undefined, {
    message: 'say how much: over, or share',
  });

const edge = z.strictObject({ from: name, to: name }).refine(({ from, to }) => from !== to, {
  path: ['to'],
  message: 'is the same service: an edge goes from one to another',
});

const novelty = z.union([
  z.literal(true),
  z.strictObject({
    unseenFor: duration(1000, 365 * DAY_MS)
      .optional()
      .describe('Left out: never seen before.'),
    for: duration(0, 7 * DAY_MS)
      .optional()
      .describe('How long it stays new; left out: one trace.'),
  }),
]);
export type NoveltyWritten = z.infer<typeof novelty>;

const traceFields = {
  ...spanFields,
  ...latency,
  span: spanWhen.optional().describe('All of this on one and the same span.'),
  root: spanWhen.optional().describe('All of this on the root.'),
  spansAtLeast: count(1, 100_000_000).optional(),
  spansAtMost: count(1, 100_000_000).optional(),
  criticalPath: criticalPath.optional(),
  edge: edge.optional().describe('A call from one service to another.'),
  newEdge: novelty.optional(),
  newOperation: novelty.optional(),
  newVersion: novelty.optional().describe('Of a service: service.version of its resource.'),
};

/**
 * A condition as people write it. Several fields of one `when` must all hold:
 * `{ service: checkout, latencyOver: 500ms }`.
 */
export interface When extends z.infer<z.ZodObject<typeof traceFields>> {
  readonly all?: When[] | undefined;
  readonly any?: When[] | undefined;
  readonly not?: When | undefined;
}

/** Written as a function of itself: `all`, `any` and `not` nest. */
export const when: z.ZodType<When, object> = z.lazy(() =>
  z
    .strictObject({
      ...traceFields,
      all: z.array(when).min(1).max(MAX_NESTED).optional(),
      any: z.array(when).min(1).max(MAX_NESTED).optional(),
      not: when.optional(),
    })
    .refine(isFilled, { message: EMPTY }),
) as unknown as z.ZodType<When, object>;
