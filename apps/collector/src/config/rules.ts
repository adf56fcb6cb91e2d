import type { CostUnit, KeyField, Rule, SamplerSpec } from '@flyball/tracing';
import { z } from 'zod';
import { conditionOf } from './condition-of.ts';
import { when } from './conditions.ts';
import { count, duration, percent, size } from './fields.ts';

const TIB = 1024 ** 4;
const MAX_RATE = 1e9;

const ruleName = z
  .string()
  .regex(/^[a-z0-9][a-z0-9_-]{0,62}$/, 'lower case letters, digits, - and _');

const perSecond = z.number().gt(0).max(MAX_RATE);

const rates = {
  tracesPerSecond: perSecond.optional(),
  spansPerSecond: perSecond.optional(),
  bytesPerSecond: size(1, TIB).optional(),
};

const burst = z
  .union([z.number().gt(0).max(TIB), size(1, TIB)])
  .optional()
  .describe('So much at once after a quiet time, in what the rate counts; left out: one second.');

const UNITS: Readonly<Record<keyof typeof rates, CostUnit>> = {
  tracesPerSecond: 'traces',
  spansPerSecond: 'spans',
  bytesPerSecond: 'bytes',
};
const RATE_NAMES = Object.keys(UNITS) as (keyof typeof rates)[];

/** For editors: at least one of these is there; that it is only one, the check says. */
const oneOf = (names: readonly string[]) => ({ anyOf: names.map((one) => ({ required: [one] })) });

type Rates = { readonly [Name in keyof typeof rates]?: number | undefined };

function exactlyOne(names: readonly string[]) {
  return (written: object, context: z.RefinementCtx) => {
    const given = names.filter((one) => (written as Record<string, unknown>)[one] !== undefined);
    if (given.length === 1) return;
    const what = given.length === 0 ? 'none of them is given' : `${given.join(' and ')} are given`;
    const message = `say exactly one of ${names.join(', ')}: ${what}`;
    context.addIssue({ code: 'custom', message });
  };
}

function rateOf(written: Rates): { unit: CostUnit; perSecond: number } {
  const given = RATE_NAMES.find((one) => written[one] !== undefined) as keyof typeof rates;
  return { unit: UNITS[given], perSecond: written[given] as number };
}

const limit = z
  .strictObject({ ...rates, burst })
  .superRefine(exactlyOne(RATE_NAMES))
  .meta(oneOf(RATE_NAMES));

const keyField = z.union([
  z.enum(['service', 'operation']).describe('Of the root.'),
  z.strictObject({ attribute: z.string().min(1).max(256) }),
]);

const TARGETS = ['keep', 'tracesPerSecond', 'spansPerSecond'];

const dynamic = z
  .strictObject({
    by: z.array(keyField).min(1).max(8),
    keep: percent().optional(),
    tracesPerSecond: perSecond.optional(),
    spansPerSecond: perSecond.optional(),
    every: duration(1000, 3_600_000).prefault('10s'),
    weight: z.number().gt(0).max(1).prefault(0.5),
    maxKeys: count(1, 100_000).prefault(1000),
  })
  .superRefine(exactlyOne(TARGETS))
  .meta(oneOf(TARGETS));

const part = z.strictObject({
  name: ruleName,
  when: when.optional(),
  share: z.number().gt(0).max(1e6),
  keep: percent().optional().describe('Never more than this share of its traces.'),
});

const budget = z
  .strictObject({ ...rates, burst, parts: z.array(part).min(1).max(100) })
  .superRefine(exactlyOne(RATE_NAMES))
  .superRefine(({ parts }, context) => namesDiffer(parts, ['parts'], context))
  .superRefine(({ parts }, context) => allReachable(parts, ['parts'], context))
  .meta(oneOf(RATE_NAMES));

const SAMPLERS = ['keep', 'limit', 'dynamic', 'budget', 'drop'];

const rule = z
  .strictObject({
    name: ruleName,
    when: when.optional(),
    drop: z
      .literal(true)
      .optional()
      .describe('A veto: dropped, wherever the rule stands and whatever others say.'),
    keep: percent().optional(),
    limit: limit.optional(),
    dynamic: dynamic.optional(),
    budget: budget.optional(),
    dryRun: z.boolean().optional().describe('Keep all, and mark what would have been dropped.'),
  })
  .superRefine((written, context) => {
    // A limit may go with a share: whichever keeps less.
    const { keep, ...others } = written;
    const asked = written.limit === undefined ? written : others;
    exactlyOne(SAMPLERS)(asked, context);
    if (keep === 0 && written.limit !== undefined) {
      const message = 'keeps nothing, so a limit says nothing';
      context.addIssue({ code: 'custom', path: ['keep'], message });
    }
  })
  .meta(oneOf(SAMPLERS));

type Named = { readonly name: string; readonly when?: unknown };

function namesDiffer(list: readonly Named[], path: string[], context: z.RefinementCtx): void {
  const seen = new Map<string, number>();
  list.forEach(({ name }, index) => {
    const earlier = seen.get(name);
    if (earlier !== undefined) {
      const where = `${path[0] ?? 'rules'}[${earlier}]`;
      const message = `the name ${JSON.stringify(name)} is already that of ${where}`;
      context.addIssue({ code: 'custom', path: [...path, index, 'name'], message });
    }
    seen.set(name, index);
  });
}

interface Reachable extends Named {
  readonly drop?: unknown;
  readonly budget?: { readonly parts: readonly Named[] } | undefined;
}

function allReachable(list: readonly Reachable[], path: string[], context: z.RefinementCtx): void {
  const isLast = (index: number) => list.slice(index + 1).every((one) => one.drop === true);
  list.forEach((one, index) => {
    if (one.when !== undefined || one.drop === true || isLast(index)) return;
    // A trace that no part of a budget matches goes on to the next rule.
    if (one.budget?.parts.every((each) => each.when !== undefined)) return;
    const what = path.length === 0 ? 'rules' : 'parts';
    const message = `has no \`when\`, so the ${what} below it are never reached: move it last`;
    context.addIssue({ code: 'custom', path: [...path, index], message });
  });
}

export const rulesSchema = z
  .array(rule)
  .min(1)
  .max(1000)
  .superRefine((rules, context) => namesDiffer(rules, [], context))
  .superRefine((rules, context) => allReachable(rules, [], context))
  .superRefine((rules, context) => {
    rules.forEach((one, index) => {
      if (one.drop !== true || one.when !== undefined) return;
      const message = 'has no `when`, so every trace would be dropped';
      context.addIssue({ code: 'custom', path: [index], message });
    });
  });

type RuleWritten = z.output<typeof rule>;

function samplerOf(written: RuleWritten): SamplerSpec {
  const { keep, limit: limited, dynamic: keyed, budget: shared } = written;
  if (written.drop === true) return { kind: 'drop' };
  if (limited !== undefined) {
    const rate = rateOf(limited);
    return {
      kind: 'limit',
      ...rate,
      burst: limited.burst ?? rate.perSecond,
      probability: keep ?? 1,
    };
  }
  if (keyed !== undefined) return dynamicOf(keyed);
  if (shared !== undefined) {
    const rate = rateOf(shared);
    const parts = shared.parts.map((one) => ({
      name: one.name,
      share: one.share,
      probability: one.keep ?? 1,
      ...(one.when === undefined ? {} : { when: conditionOf(one.when) }),
    }));
    return { kind: 'budget', ...rate, burst: shared.burst ?? rate.perSecond, parts };
  }
  return { kind: 'probability', probability: keep as number };
}

function dynamicOf(written: z.output<typeof dynamic>): SamplerSpec {
  const { keep, tracesPerSecond, spansPerSecond, every, weight, maxKeys } = written;
  const by = written.by.map(
    (field): KeyField =>
      typeof field === 'string' ? { kind: field } : { kind: 'attribute', key: field.attribute },
  );
  const target =
    keep === undefined
      ? { kind: 'rate' as const, perSecond: (tracesPerSecond ?? spansPerSecond) as number }
      : { kind: 'share' as const, share: keep };
  const unit = spansPerSecond === undefined ? 'traces' : 'spans';
  return { kind: 'dynamic', by, unit, target, everyMs: every, weight, maxKeys };
}

/** The rules as the sampler takes them. */
export function rulesOf(written: z.output<typeof rulesSchema>): Rule[] {
  return written.map((one) => ({
    name: one.name,
    sampler: samplerOf(one),
    ...(one.when === undefined ? {} : { when: conditionOf(one.when) }),
    ...(one.dryRun === true ? { dryRun: true } : {}),
  }));
}
