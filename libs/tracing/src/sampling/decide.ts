import { probabilityOf, thresholdOf } from '../context/trace-state.ts';
import { AttributeReader } from '../otlp/attribute-reader.ts';
import type { Interner } from '../otlp/interner.ts';
import { META, META_TRACE_STATE, type SpanTable } from '../otlp/span-table.ts';
import type { TraceView } from '../window/trace-view.ts';
import type { Decision, DecisionReason } from './decision.ts';
import { explicitRandomness, traceRandomness } from './randomness.ts';
import type { Condition, Rule, SamplingRules } from './rules.ts';

/**
 * Decides one trace by the first rule that holds. A trace is kept iff its randomness (`ot=rv`, else
 * the last seven bytes of its id) reaches the rule's threshold: the same trace gets the same answer
 * everywhere, and a trace thinned out by an earlier sampler is not thinned out twice.
 */
export function decide(trace: TraceView, rules: SamplingRules, strings: Interner): Decision {
  for (const rule of compiled(rules)) {
    if (!rule.holds(trace, strings)) continue;
    if (rule.always) return rule.kept;
    if (rule.never) return rule.dropped;
    return randomnessOf(trace) >= rule.kept.threshold ? rule.kept : rule.dropped;
  }
  return NO_MATCH;
}

const NO_MATCH: Decision = Object.freeze({
  keep: false,
  probability: 0,
  threshold: thresholdOf(0),
  reason: 'no_match',
  rule: '',
});

type Test = (trace: TraceView, strings: Interner) => boolean;

/** A rule with its two possible answers made in advance: deciding allocates nothing. */
interface CompiledRule {
  holds: Test;
  always: boolean;
  never: boolean;
  kept: Decision;
  dropped: Decision;
}

const cache = new WeakMap<SamplingRules, CompiledRule[]>();

function compiled(rules: SamplingRules): CompiledRule[] {
  const known = cache.get(rules);
  if (known !== undefined) return known;
  const made = rules.rules.map(compileRule);
  cache.set(rules, made);
  return made;
}

function compileRule(rule: Rule): CompiledRule {
  const threshold = thresholdOf(rule.probability);
  const never = rule.probability <= 0;
  const about = {
    probability: never ? 0 : probabilityOf(threshold),
    threshold,
    reason: reasonOf(rule.when),
    rule: rule.name,
  };
  return {
    holds: rule.when === undefined ? () => true : compileCondition(rule.when),
    always: threshold === 0n,
    never,
    kept: Object.freeze({ keep: true, ...about }),
    dropped: Object.freeze({ keep: false, ...about }),
  };
}

/** A conjunction is named after its first error or latency condition. */
function reasonOf(when: Condition | undefined): DecisionReason {
  if (when === undefined) return 'rest';
  if (when.kind === 'error' || when.kind === 'latency') return when.kind;
  if (when.kind !== 'all') return 'match';
  const reasons = when.of.map(reasonOf);
  return reasons.find((reason) => reason === 'error' || reason === 'latency') ?? 'match';
}

function compileCondition(condition: Condition): Test {
  switch (condition.kind) {
    case 'error':
      return ({ spans }) => anySpan(spans, (span) => spans.isError(span));
    case 'latency': {
      const aboveNs = condition.aboveMs * 1e6;
      return ({ spans }) => extentNs(spans) > aboveNs;
    }
    case 'service': {
      const names = new Set(condition.anyOf);
      return ({ spans }, strings) =>
        anySpan(spans, (span) => names.has(strings.text(spans.service(span))));
    }
    case 'operation': {
      const names = new Set(condition.anyOf);
      return ({ spans }, strings) =>
        anySpan(spans, (span) => names.has(strings.text(spans.name(span))));
    }
    case 'attribute':
      return compileAttribute(condition.key, condition.anyOf);
    case 'span_count':
      return ({ spans }) => spans.count >= condition.atLeast;
    case 'all': {
      const tests = condition.of.map(compileCondition);
      return (trace, strings) => tests.every((test) => test(trace, strings));
    }
    case 'any': {
      const tests = condition.of.map(compileCondition);
      return (trace, strings) => tests.some((test) => test(trace, strings));
    }
    case 'not': {
      const test = compileCondition(condition.of);
      return (trace, strings) => !test(trace, strings);
    }
  }
}

function compileAttribute(key: string, anyOf: string[] | undefined): Test {
  const reader = new AttributeReader([key]);
  const wanted = anyOf === undefined ? undefined : new Set(anyOf);
  const matches = (): boolean => {
    const value = reader.text(0);
    return value !== undefined && (wanted === undefined || wanted.has(value));
  };
  return ({ spans }) =>
    anySpan(spans, (span) => {
      reader.readSpan(spans, span);
      if (matches()) return true;
      reader.readResource(spans, span);
      return matches();
    });
}

function anySpan(spans: SpanTable, test: (span: number) => boolean): boolean {
  for (let span = 0; span < spans.count; span += 1) {
    if (test(span)) return true;
  }
  return false;
}

/** From the earliest start to the latest end. */
function extentNs(spans: SpanTable): number {
  let first = 0;
  let last = 0;
  for (let span = 0; span < spans.count; span += 1) {
    const start = spans.startAfterNs(span, 0);
    const end = Math.max(start, spans.endAfterNs(span, 0));
    if (span === 0 || start < first) first = start;
    if (span === 0 || end > last) last = end;
  }
  return last - first;
}

function randomnessOf(trace: TraceView): bigint {
  const { spans, root } = trace;
  if (root >= 0) {
    const explicit = explicitRandomness(spans, root);
    if (explicit !== undefined) return explicit;
  }
  for (let span = 0; span < spans.count; span += 1) {
    if ((spans.word(span, META) & META_TRACE_STATE) === 0) continue;
    const explicit = explicitRandomness(spans, span);
    if (explicit !== undefined) return explicit;
  }
  return traceRandomness(spans, 0);
}
