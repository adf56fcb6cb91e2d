import type { Interner } from '../otlp/interner.ts';
import type { SpanTable } from '../otlp/span-table.ts';
import type { TraceView } from '../window/trace-view.ts';
import { AttributeColumns } from './attribute-columns.ts';
import { describeCondition } from './describe.ts';
import { NameTest } from './name-test.ts';
import { Novelty, someEdge } from './novelty.ts';
import { PathTime } from './path-time.ts';
import type { Condition } from './rules.ts';
import { compileSpanCondition } from './span-conditions.ts';

/** What compiled conditions share: what is worked out about a trace is worked out once. */
export class TestContext {
  readonly strings: Interner;
  readonly spanAttributes = new AttributeColumns('span');
  readonly resourceAttributes = new AttributeColumns('resource');
  readonly path = new PathTime();
  readonly novelty: NoveltyPair;
  nowMs = 0;
  /** The condition that was last found not to hold, as its number in `described`. */
  failed = -1;
  readonly described: string[] = [];
  /** Shortest absences that conditions ask for; Infinity where none asks. */
  readonly newAfterMs = { edge: Infinity, operation: Infinity };
  asksNew = { edge: false, operation: false };

  constructor(strings: Interner, novelty: NoveltyPair) {
    this.strings = strings;
    this.novelty = novelty;
  }

  readonly #seeEdge = (caller: number, callee: number): boolean => {
    this.novelty.edge.see(caller, callee, this.nowMs, this.newAfterMs.edge);
    return false;
  };

  begin(trace: TraceView, nowMs: number): void {
    this.nowMs = nowMs;
    this.spanAttributes.begin(trace.spans);
    this.resourceAttributes.begin(trace.spans);
    this.path.begin();
  }

  /** What this trace shows is not new for the next one. */
  learn(trace: TraceView): void {
    const { asksNew, newAfterMs, novelty, nowMs } = this;
    if (asksNew.operation) {
      const { spans } = trace;
      for (let span = 0; span < spans.count; span += 1) {
        novelty.operation.see(spans.service(span), spans.name(span), nowMs, newAfterMs.operation);
      }
    }
    if (!asksNew.edge) return;
    someEdge(trace, this.#seeEdge);
  }
}

export interface NoveltyPair {
  readonly edge: Novelty;
  readonly operation: Novelty;
}

/** Memory for what was seen before: 24 bytes a pair. */
export function createNovelty(): NoveltyPair {
  return { edge: new Novelty(2 ** 15), operation: new Novelty(2 ** 16) };
}

export type TraceTest = (trace: TraceView) => boolean;

/** A condition as a function. What fails is noted in the context, for `explain`. */
export function compileCondition(condition: Condition, context: TestContext): TraceTest {
  const { kind } = condition;
  if (kind === 'all') {
    const tests = condition.of.map((one) => compileCondition(one, context));
    return (trace) => {
      for (const test of tests) if (!test(trace)) return false;
      return true;
    };
  }
  const number = context.described.push(describeCondition(condition)) - 1;
  const test = compilePlain(condition, context);
  return (trace) => {
    if (test(trace)) return true;
    context.failed = number;
    return false;
  };
}

function compilePlain(
  condition: Exclude<Condition, { kind: 'all' }>,
  context: TestContext,
): TraceTest {
  switch (condition.kind) {
    case 'latency': {
      const overNs = (condition.overMs ?? -1) * 1e6;
      const underNs = (condition.underMs ?? Infinity) * 1e6;
      return ({ spans }) => {
        const durationNs = extentNs(spans);
        return durationNs > overNs && durationNs < underNs;
      };
    }
    case 'span': {
      const test = compileSpanCondition(condition.where, context);
      return ({ spans }) => {
        for (let span = 0; span < spans.count; span += 1) if (test(spans, span)) return true;
        return false;
      };
    }
    case 'root': {
      const test = compileSpanCondition(condition.where, context);
      return ({ spans, root }) => root >= 0 && test(spans, root);
    }
    case 'span_count': {
      const { atLeast = 0, atMost = Infinity } = condition;
      return ({ spans }) => spans.count >= atLeast && spans.count <= atMost;
    }
    case 'critical_path':
      return compilePath(condition, context);
    case 'edge':
      return compileEdge(condition, context);
    case 'new':
      return compileNew(condition, context);
    case 'any': {
      const tests = condition.of.map((one) => compileCondition(one, context));
      return (trace) => {
        for (const test of tests) if (test(trace)) return true;
        return false;
      };
    }
    case 'not': {
      const test = compileCondition(condition.of, context);
      return (trace) => !test(trace);
    }
  }
}

function compilePath(
  condition: Condition & { kind: 'critical_path' },
  { path, strings }: TestContext,
): TraceTest {
  const overNs = (condition.overMs ?? -1) * 1e6;
  const overShare = condition.overShare ?? -1;
  const service =
    condition.service === undefined ? undefined : new NameTest(condition.service, strings);
  const operation =
    condition.operation === undefined ? undefined : new NameTest(condition.operation, strings);
  return (trace) => {
    const { spans, root } = trace;
    const wholeNs = path.durationNs(trace);
    if (root < 0 || wholeNs <= overNs) return false;
    let ownNs = service === undefined && operation === undefined ? wholeNs : 0;
    for (let span = 0; ownNs !== wholeNs && span < spans.count; span += 1) {
      if (service !== undefined && !service.service(spans, span)) continue;
      if (operation !== undefined && !operation.operation(spans, span)) continue;
      ownNs += path.exclusiveNs(trace, span);
    }
    return ownNs > overNs && ownNs > overShare * wholeNs;
  };
}

function compileEdge(
  { caller, callee }: Condition & { kind: 'edge' },
  { strings }: TestContext,
): TraceTest {
  const from = new NameTest({ kind: 'any_of', values: [caller] }, strings);
  const to = new NameTest({ kind: 'any_of', values: [callee] }, strings);
  const isIt = (left: number, right: number) => from.holds(left) && to.holds(right);
  return (trace) => someEdge(trace, isIt);
}

function compileNew(
  { what, unseenForMs = Infinity, forMs }: Condition & { kind: 'new' },
  context: TestContext,
): TraceTest {
  context.asksNew[what] = true;
  context.newAfterMs[what] = Math.min(context.newAfterMs[what], unseenForMs);
  const memory = context.novelty[what];
  const isNew = (left: number, right: number) =>
    memory.isNew(left, right, context.nowMs, unseenForMs, forMs);
  if (what === 'edge') return (trace) => someEdge(trace, isNew);
  return ({ spans }) => {
    for (let span = 0; span < spans.count; span += 1) {
      if (isNew(spans.service(span), spans.name(span))) return true;
    }
    return false;
  };
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
