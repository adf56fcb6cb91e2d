import type { SpanTable } from '../otlp/span-table.ts';
import type { TestContext } from './conditions.ts';
import { NameTest } from './name-test.ts';
import type { SpanCondition, SpanKindWord, StatusName } from './rules.ts';
import { flagsOf, memberOf, traceStateOf } from './span-text.ts';
import { compileText, compileValue } from './value-test.ts';

export type SpanTest = (spans: SpanTable, span: number) => boolean;

/** As OTLP numbers them. */
const STATUSES: readonly StatusName[] = ['unset', 'ok', 'error'];
const KINDS: readonly SpanKindWord[] = [
  'unspecified',
  'internal',
  'server',
  'client',
  'producer',
  'consumer',
];

const FLAG_BITS = { sampled: 1, random: 2 } as const;

export function compileSpanCondition(condition: SpanCondition, context: TestContext): SpanTest {
  switch (condition.kind) {
    case 'status': {
      const bits = bitsOf(condition.anyOf, STATUSES);
      return (spans, span) => ((bits >> spans.status(span)) & 1) === 1;
    }
    case 'span_kind': {
      const bits = bitsOf(condition.anyOf, KINDS);
      return (spans, span) => ((bits >> spans.kind(span)) & 1) === 1;
    }
    case 'latency': {
      const overNs = (condition.overMs ?? -1) * 1e6;
      const underNs = (condition.underMs ?? Infinity) * 1e6;
      return (spans, span) => {
        const durationNs = spans.durationNs(span);
        return durationNs > overNs && durationNs < underNs;
      };
    }
    case 'service': {
      const name = new NameTest(condition.name, context.strings);
      return (spans, span) => name.service(spans, span);
    }
    case 'operation': {
      const name = new NameTest(condition.name, context.strings);
      return (spans, span) => name.operation(spans, span);
    }
    case 'attribute':
      return compileAttribute(condition, context);
    case 'flag': {
      const bit = FLAG_BITS[condition.flag];
      return (spans, span) => ((flagsOf(spans, span) & bit) !== 0) === condition.is;
    }
    case 'trace_state':
      return compileTraceState(condition);
    case 'all': {
      const tests = condition.of.map((one) => compileSpanCondition(one, context));
      return (spans, span) => {
        for (const test of tests) if (!test(spans, span)) return false;
        return true;
      };
    }
    case 'any': {
      const tests = condition.of.map((one) => compileSpanCondition(one, context));
      return (spans, span) => {
        for (const test of tests) if (test(spans, span)) return true;
        return false;
      };
    }
    case 'not': {
      const test = compileSpanCondition(condition.of, context);
      return (spans, span) => !test(spans, span);
    }
  }
}

function bitsOf<Name>(wanted: readonly Name[], all: readonly Name[]): number {
  return wanted.reduce((bits, name) => bits | (1 << all.indexOf(name)), 0);
}

function compileAttribute(
  { key, on, value }: SpanCondition & { kind: 'attribute' },
  { spanAttributes, resourceAttributes }: TestContext,
): SpanTest {
  const check = compileValue(value);
  const places = [
    ...(on === 'resource' ? [] : [spanAttributes]),
    ...(on === 'span' ? [] : [resourceAttributes]),
  ];
  const columns = places.map((column) => ({ column, position: column.positionOf(key) }));
  return (_spans, span) => {
    for (const { column, position } of columns) {
      const place = column.find(span, position);
      if (place < 0) continue;
      if (check(column.source(place), column.start(place), column.end(place))) return true;
    }
    return false;
  };
}

function compileTraceState({ key, value }: SpanCondition & { kind: 'trace_state' }): SpanTest {
  const check = value.kind === 'exists' ? () => true : compileText(value);
  return (spans, span) => {
    const traceState = traceStateOf(spans, span);
    const member = traceState === '' ? undefined : memberOf(traceState, key);
    return member !== undefined && check(member);
  };
}
