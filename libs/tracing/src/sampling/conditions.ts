import type { Interner } from '../otlp/interner.ts';
import type { SpanTable } from '../otlp/span-table.ts';
import type { TraceView } from '../window/trace-view.ts';
import { AttributeColumns } from './attribute-columns.ts';
import { describeCondition } from './describe.ts';
import { NameTest } from './name-test.ts';
import { Novelty } from './novelty.ts';
import { PathTime } from './path-time.ts';
import type { Condition, NewThing } from './rules.ts';
import { compileSpanCondition } from './span-conditions.ts';
import { someOperation, someVersion, TraceEdges, type VisitPair } from './trace-pairs.ts';

/** What compiled conditions share: what is worked out about a trace is worked out once. */
export class TestContext {
  readonly strings: Interner;
  readonly spanAttributes = new AttributeColumns('span');
  readonly resourceAttributes = new AttributeColumns('resource');
  readonly path = new PathTime();
  readonly edges: TraceEdges;
  readonly seen: Seen;
  nowMs = 0;
  /** The condition that was last found not to hold, as its number in `described`. */
  failed = -1;
  readonly described: string[] = [];
  /** What conditions ask about, and how it is noted. */
  readonly #learnt: { readonly walk: Walk; readonly note: VisitPair }[] = [];

  constructor(strings: Interner, seen: Seen) {
    this.strings = strings;
    this.edges = new TraceEdges(strings);
    this.seen = seen;
  }

  begin(trace: TraceView, nowMs: number): void {
    this.nowMs = nowMs;
    this.spanAttributes.begin(trace.spans);
    this.resourceAttributes.begin(trace.spans);
    this.path.begin();
  }

  /** What is new to a trace; from now on every trace teaches what is not new for the next. */
  walkOf(what: NewThing, unseenForMs: number): Walk {
    const walk = this.#walk(what);
    const memory = this.seen[what];
    const note: VisitPair = (left, right) => {
      memory.see(left, right, this.nowMs, unseenForMs);
      return false;
    };
    this.#learnt.push({ walk, note });
    return walk;
  }

  #walk(what: NewThing): Walk {
    switch (what) {
      case 'edge':
        return (trace, visit) => this.edges.some(trace, visit);
      case 'operation':
        return someOperation;
      case 'version': {
        const { resourceAttributes } = this;
        const position = resourceAttributes.positionOf('service.version');
        return (trace, visit) => someVersion(trace, resourceAttributes, position, visit);
      }
    }
  }

  /** What this trace shows is not new for the next one. */
  learn(trace: TraceView): void {
    for (const { walk, note } of this.#learnt) walk(trace, note);
  }
}

type Walk = (trace: TraceView, visit: VisitPair) => boolean;

/** What was seen before, by what it is. */
export type Seen = Readonly<Record<NewThing, Novelty>>;

/** Memory for what was seen before: 24 bytes a pair. */
export function createSeen(): Seen {
  return {
    edge: new Novelty(2 ** 15),
    operation: new Novelty(2 ** 16),
    version: new Novelty(2 ** 13),
  };
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
  { strings, edges }: TestContext,
): TraceTest {
  const from = new NameTest({ kind: 'any_of', values: [caller] }, strings);
  const to = new NameTest({ kind: 'any_of', values: [callee] }, strings);
  const isIt = (left: number, right: number) => from.holds(left) && to.holds(right);
  return (trace) => edges.some(trace, isIt);
}

function compileNew(
  { what, unseenForMs = Infinity, forMs }: Condition & { kind: 'new' },
  context: TestContext,
): TraceTest {
  const walk = context.walkOf(what, unseenForMs);
  const memory = context.seen[what];
  const isNew = (left: number, right: number) =>
    memory.isNew(left, right, context.nowMs, unseenForMs, forMs);
  return (trace) => walk(trace, isNew);
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
