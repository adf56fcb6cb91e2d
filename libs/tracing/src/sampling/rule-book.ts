import { Answers } from './answers.ts';
import { compileCondition, type TestContext, type TraceTest } from './conditions.ts';
import type { DecisionReason } from './decision.ts';
import { describeSampler } from './describe.ts';
import type { Condition, Rule, SamplingRules } from './rules.ts';
import { createSampler, type RuleSampler } from './samplers.ts';

/** A rule made ready to be asked. */
export interface BookRule {
  readonly name: string;
  readonly does: string;
  readonly dryRun: boolean;
  /** Undefined: holds always. */
  readonly holds: TraceTest | undefined;
  readonly sampler: RuleSampler;
  /** Whether its probability is written in the rule, and not worked out. */
  readonly exact: boolean;
  /** One, or one for each part of a budget. */
  readonly answers: ReadonlyMap<string, Answers>;
}

/** A set of rules in the order in which they are asked: vetoes first. */
export interface RuleBook {
  readonly rules: readonly BookRule[];
  /** All rules are tried only. */
  readonly dryRun: boolean;
  /** What a trace gets that no rule matches. */
  readonly noMatch: Answers;
  /** Conditions in words, by the number a failed one leaves in the context. */
  readonly described: readonly string[];
}

/** @param before the book in force until now: rules that stay keep what they have learnt */
export function openBook(
  { rules, dryRun = false }: SamplingRules,
  context: TestContext,
  before: RuleBook | undefined,
): RuleBook {
  const vetoes = rules.filter((rule) => rule.sampler.kind === 'drop');
  const others = rules.filter((rule) => rule.sampler.kind !== 'drop');
  const noMatch = new Answers('', 'no_match', dryRun);
  noMatch.use(0, true);
  return {
    rules: [...vetoes, ...others].map((rule) => bookRule(rule, dryRun, context, before)),
    dryRun,
    noMatch,
    described: context.described,
  };
}

function bookRule(
  rule: Rule,
  dryRun: boolean,
  context: TestContext,
  before: RuleBook | undefined,
): BookRule {
  const { name, when, sampler } = rule;
  const known = before?.rules.find((other) => other.name === name);
  const tried = dryRun || rule.dryRun === true;
  const reason = reasonOf(rule);
  const labels = sampler.kind === 'budget' ? sampler.parts.map((part) => part.name) : [''];
  return {
    name,
    does: describeSampler(sampler),
    dryRun: tried,
    holds: when === undefined ? undefined : compileCondition(when, context),
    sampler: createSampler(sampler, context, known?.sampler),
    exact: sampler.kind === 'probability' || sampler.kind === 'drop',
    answers: new Map(
      labels.map((part) => [
        part,
        new Answers(part === '' ? name : `${name}/${part}`, reason, tried),
      ]),
    ),
  };
}

function reasonOf({ when, sampler }: Rule): DecisionReason {
  switch (sampler.kind) {
    case 'drop':
      return 'veto';
    case 'probability':
      return reasonOfCondition(when);
    default:
      return sampler.kind;
  }
}

/** A conjunction is named after its first error or latency condition. */
function reasonOfCondition(when: Condition | undefined): DecisionReason {
  if (when === undefined) return 'rest';
  if (when.kind === 'latency') return 'latency';
  if (when.kind === 'span' && when.where.kind === 'status' && isError(when.where.anyOf)) {
    return 'error';
  }
  if (when.kind !== 'all') return 'match';
  const reasons = when.of.map(reasonOfCondition);
  return reasons.find((reason) => reason === 'error' || reason === 'latency') ?? 'match';
}

function isError(statuses: readonly string[]): boolean {
  return statuses.length === 1 && statuses[0] === 'error';
}
