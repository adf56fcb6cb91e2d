import type { Trigger } from '../window/config.ts';
import type { Decision, DecisionReason } from './decision.ts';
import { NOT_NOTED, NOTED_RULES } from './decision-log.ts';
import { describeCondition, describeSampler } from './describe.ts';
import type { RuleBook } from './rule-book.ts';
import type { SamplingRules } from './rules.ts';

/** What became of one rule on the way to a decision. */
export interface ExplainedRule {
  readonly rule: string;
  readonly matched: boolean;
  /** The condition that did not hold; what the rule does with the trace when all did. */
  readonly why: string;
}

/** How a trace was, or would now be, decided. */
export interface Explanation {
  /** A waiting trace may still change, and so may rates: this is what would be said now. */
  readonly state: 'decided' | 'waiting';
  readonly atMs: number;
  readonly keep: boolean;
  readonly probability: number;
  readonly reason: DecisionReason;
  /** The rule or boost that decided, '' when none matched. */
  readonly rule: string;
  /** What made the trace due; null while it waits. */
  readonly trigger: Trigger | null;
  /** In the order in which they were asked, up to the one that decided. */
  readonly rules: readonly ExplainedRule[];
}

export interface Decided {
  readonly state: 'decided' | 'waiting';
  readonly atMs: number;
  readonly trigger: Trigger | null;
  readonly decision: Decision;
}

/** @param book undefined when the rules have been replaced too often since */
export function explain(
  { state, atMs, trigger, decision }: Decided,
  book: RuleBook | undefined,
  rule: number,
  failed: readonly number[],
): Explanation {
  const { keep, probability, reason, rule: name } = decision;
  const about = { state, atMs, keep, probability, reason, rule: name, trigger };
  if (book === undefined) return { ...about, rules: [] };
  const asked = rule < 0 ? book.rules : book.rules.slice(0, rule + 1);
  const rules = asked.map(({ name: asks, does }, at): ExplainedRule => {
    if (at === rule) return { rule: asks, matched: true, why: does };
    return { rule: asks, matched: false, why: whyNot(book, at, failed) };
  });
  return { ...about, rules };
}

function whyNot(book: RuleBook, at: number, failed: readonly number[]): string {
  const condition = failed[at] ?? NOT_NOTED;
  if (at >= NOTED_RULES) return `not noted: only for the first ${NOTED_RULES} rules`;
  const words = condition === NOT_NOTED ? undefined : book.described[condition];
  return words === undefined ? 'none of its parts holds' : `does not hold: ${words}`;
}

/** A rule in words. */
export interface DescribedRule {
  readonly rule: string;
  /** undefined: always. */
  readonly when: string | undefined;
  readonly does: string;
  readonly dryRun: boolean;
}

/** The rules as they are asked: vetoes first. */
export function describeRules({ rules, dryRun = false }: SamplingRules): DescribedRule[] {
  const vetoes = rules.filter(({ sampler }) => sampler.kind === 'drop');
  const others = rules.filter(({ sampler }) => sampler.kind !== 'drop');
  return [...vetoes, ...others].map((rule) => ({
    rule: rule.name,
    when: rule.when === undefined ? undefined : describeCondition(rule.when),
    does: describeSampler(rule.sampler),
    dryRun: dryRun || rule.dryRun === true,
  }));
}
