import type { Condition, NewThing, SpanCondition, TextTest, ValueTest } from '@flyball/tracing';
import type { AttributeWritten, Names, NoveltyWritten, SpanWhen, When } from './conditions.ts';

const listOf = <Item>(written: Item | readonly Item[]): Item[] =>
  Array.isArray(written) ? [...written] : [written as Item];

function textOf(written: Names): TextTest {
  if (typeof written === 'string' || Array.isArray(written)) {
    return { kind: 'any_of', values: listOf(written) };
  }
  return { kind: 'matches', pattern: written.matches };
}

function testOf(written: AttributeWritten): ValueTest {
  const { equals, anyOf, matches, between } = written;
  if (typeof equals === 'number') return { kind: 'number', atLeast: equals, atMost: equals };
  if (typeof equals === 'boolean') return { kind: 'boolean', is: equals };
  if (equals !== undefined) return { kind: 'any_of', values: [equals] };
  if (anyOf !== undefined) return { kind: 'any_of', values: listOf(anyOf).map(String) };
  if (matches !== undefined) return { kind: 'matches', pattern: matches };
  if (between !== undefined) return { kind: 'number', atLeast: between[0], atMost: between[1] };
  const { above, atLeast, below, atMost } = written;
  const bounds = Object.entries({ above, atLeast, below, atMost }).filter(
    ([, bound]) => bound !== undefined,
  );
  if (bounds.length === 0) return { kind: 'exists' };
  return { kind: 'number', ...Object.fromEntries(bounds) };
}

function attributeOf(written: AttributeWritten): SpanCondition {
  const { key, on = 'either' } = written;
  return { kind: 'attribute', key, on, value: testOf(written) };
}

/** Each field of `written` that is about a span, as a condition of its own. */
function spanPartsOf(written: Omit<SpanWhen, 'all' | 'any' | 'not'>): SpanCondition[] {
  const of: SpanCondition[] = [];
  const { status, kind, service, operation, attribute, attributes, traceState } = written;
  if (written.error === true) of.push({ kind: 'status', anyOf: ['error'] });
  if (status !== undefined) of.push({ kind: 'status', anyOf: listOf(status) });
  if (kind !== undefined) of.push({ kind: 'span_kind', anyOf: listOf(kind) });
  if (service !== undefined) of.push({ kind: 'service', name: textOf(service) });
  if (operation !== undefined) of.push({ kind: 'operation', name: textOf(operation) });
  if (attribute !== undefined) of.push(attributeOf(attribute));
  if (attributes !== undefined) of.push(...attributes.map(attributeOf));
  for (const flag of ['sampled', 'random'] as const) {
    const is = written[flag];
    if (is !== undefined) of.push({ kind: 'flag', flag, is });
  }
  if (traceState !== undefined) {
    const { key, anyOf, matches } = traceState;
    const listed = anyOf === undefined ? { kind: 'exists' as const } : textOf(listOf(anyOf));
    const value = matches === undefined ? listed : textOf({ matches });
    of.push({ kind: 'trace_state', key, value });
  }
  return of;
}

function latencyOf(written: SpanWhen | When): (Condition & SpanCondition & { kind: 'latency' })[] {
  const { latencyOver, latencyUnder } = written;
  if (latencyOver === undefined && latencyUnder === undefined) return [];
  return [
    {
      kind: 'latency',
      ...(latencyOver === undefined ? {} : { overMs: latencyOver as number }),
      ...(latencyUnder === undefined ? {} : { underMs: latencyUnder as number }),
    },
  ];
}

function spanConditionOf(written: SpanWhen): SpanCondition {
  const of: SpanCondition[] = [...spanPartsOf(written), ...latencyOf(written)];
  if (written.all !== undefined) of.push({ kind: 'all', of: written.all.map(spanConditionOf) });
  if (written.any !== undefined) of.push({ kind: 'any', of: written.any.map(spanConditionOf) });
  if (written.not !== undefined) of.push({ kind: 'not', of: spanConditionOf(written.not) });
  const [only] = of;
  return of.length === 1 && only !== undefined ? only : { kind: 'all', of };
}

function newOf(what: NewThing, written: NoveltyWritten): Condition {
  if (written === true) return { kind: 'new', what, forMs: 0 };
  const { unseenFor, for: forMs = 0 } = written;
  return {
    kind: 'new',
    what,
    forMs,
    ...(unseenFor === undefined ? {} : { unseenForMs: unseenFor }),
  };
}

function pathOf(written: NonNullable<When['criticalPath']>): Condition {
  const { over, share, service, operation } = written;
  return {
    kind: 'critical_path',
    ...(over === undefined ? {} : { overMs: over }),
    ...(share === undefined ? {} : { overShare: share }),
    ...(service === undefined ? {} : { service: textOf(service) }),
    ...(operation === undefined ? {} : { operation: textOf(operation) }),
  };
}

/** The fields of a `when` that are about the trace as a whole. */
function tracePartsOf(written: When): Condition[] {
  const of: Condition[] = [];
  const { spansAtLeast, spansAtMost, criticalPath, edge, newEdge, newOperation, newVersion } =
    written;
  if (written.span !== undefined) of.push({ kind: 'span', where: spanConditionOf(written.span) });
  if (written.root !== undefined) of.push({ kind: 'root', where: spanConditionOf(written.root) });
  if (spansAtLeast !== undefined) of.push({ kind: 'span_count', atLeast: spansAtLeast });
  if (spansAtMost !== undefined) of.push({ kind: 'span_count', atMost: spansAtMost });
  if (criticalPath !== undefined) of.push(pathOf(criticalPath));
  if (edge !== undefined) of.push({ kind: 'edge', caller: edge.from, callee: edge.to });
  if (newEdge !== undefined) of.push(newOf('edge', newEdge));
  if (newOperation !== undefined) of.push(newOf('operation', newOperation));
  if (newVersion !== undefined) of.push(newOf('version', newVersion));
  return of;
}

/** The condition as the sampler takes it; what is cheap to ask comes first. */
export function conditionOf(written: When): Condition {
  const onAnySpan = spanPartsOf(written).map((where): Condition => ({ kind: 'span', where }));
  const of = [...latencyOf(written), ...onAnySpan, ...tracePartsOf(written)];
  if (written.all !== undefined) of.push({ kind: 'all', of: written.all.map(conditionOf) });
  if (written.any !== undefined) of.push({ kind: 'any', of: written.any.map(conditionOf) });
  if (written.not !== undefined) of.push({ kind: 'not', of: conditionOf(written.not) });
  const [only] = of;
  return of.length === 1 && only !== undefined ? only : { kind: 'all', of };
}
