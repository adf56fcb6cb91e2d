import type { Condition, Rule } from '@flyball/tracing';
import { z } from 'zod';
import { count, duration, percent } from './fields.ts';

/**
 * A condition as people write it. Several fields of one `when` must all hold:
 * `{ service: checkout, latencyOver: 500ms }`.
 */
export interface When {
  readonly error?: true | undefined;
  readonly latencyOver?: number | undefined;
  readonly service?: readonly string[] | undefined;
  readonly operation?: readonly string[] | undefined;
  readonly attribute?: { readonly key: string; readonly anyOf?: readonly string[] | undefined };
  readonly spansAtLeast?: number | undefined;
  readonly all?: readonly When[] | undefined;
  readonly any?: readonly When[] | undefined;
  readonly not?: When | undefined;
}

const name = z.string().min(1).max(256);
const names = z
  .union([name, z.array(name).min(1).max(1000)])
  .transform((value) => (typeof value === 'string' ? [value] : value));

const attribute = z.strictObject({ key: name, anyOf: names.optional() });

/** Written as a function of itself: `all`, `any` and `not` nest. */
const when: z.ZodType<When> = z.lazy(() =>
  z
    .strictObject({
      error: z.literal(true).optional(),
      latencyOver: duration(0, 24 * 3_600_000).optional(),
      service: names.optional(),
      operation: names.optional(),
      attribute: attribute.optional(),
      spansAtLeast: count(1, 1_000_000).optional(),
      all: z.array(when).min(1).max(50).optional(),
      any: z.array(when).min(1).max(50).optional(),
      not: when.optional(),
    })
    .refine((value) => Object.keys(value).length > 0, {
      message: 'an empty condition: leave `when` out to match every trace',
    }),
) as z.ZodType<When>;

const rule = z.strictObject({
  name: z.string().regex(/^[a-z0-9][a-z0-9_-]{0,62}$/, 'lower case letters, digits, - and _'),
  when: when.optional(),
  keep: percent(),
});

export const rulesSchema = z
  .array(rule)
  .min(1)
  .max(1000)
  .superRefine((rules, context) => {
    const seen = new Map<string, number>();
    rules.forEach((one, index) => {
      const earlier = seen.get(one.name);
      if (earlier !== undefined) {
        const message = `the name ${JSON.stringify(one.name)} is already that of rules[${earlier}]`;
        context.addIssue({ code: 'custom', path: [index, 'name'], message });
      }
      seen.set(one.name, index);
      if (one.when === undefined && index < rules.length - 1) {
        const message = 'has no `when`, so the rules below it are never reached: move it last';
        context.addIssue({ code: 'custom', path: [index], message });
      }
    });
  });

function conditionOf(written: When): Condition {
  const of: Condition[] = [];
  if (written.error === true) of.push({ kind: 'error' });
  if (written.latencyOver !== undefined) of.push({ kind: 'latency', aboveMs: written.latencyOver });
  if (written.service !== undefined) of.push({ kind: 'service', anyOf: [...written.service] });
  if (written.operation !== undefined) {
    of.push({ kind: 'operation', anyOf: [...written.operation] });
  }
  if (written.attribute !== undefined) {
    const { key, anyOf } = written.attribute;
    of.push({ kind: 'attribute', key, ...(anyOf === undefined ? {} : { anyOf: [...anyOf] }) });
  }
  if (written.spansAtLeast !== undefined) {
    of.push({ kind: 'span_count', atLeast: written.spansAtLeast });
  }
  if (written.all !== undefined) of.push({ kind: 'all', of: written.all.map(conditionOf) });
  if (written.any !== undefined) of.push({ kind: 'any', of: written.any.map(conditionOf) });
  if (written.not !== undefined) of.push({ kind: 'not', of: conditionOf(written.not) });
  const [only] = of;
  return of.length === 1 && only !== undefined ? only : { kind: 'all', of };
}

/** The rules as the sampler takes them. */
export function rulesOf(written: z.infer<typeof rulesSchema>): Rule[] {
  return written.map((one) => ({
    name: one.name,
    probability: one.keep,
    ...(one.when === undefined ? {} : { when: conditionOf(one.when) }),
  }));
}
