import { expect, test } from 'vitest';
import { Interner } from '../otlp/interner.ts';
import { seeded } from '../otlp/load.fixture.ts';
import { SpanTable, TRACE_A, WORDS } from '../otlp/span-table.ts';
import { type SpanSketch, tableOf } from '../otlp/trace.fixture.ts';
import type { Trigger } from '../window/config.ts';
import { WINDOW_CONFIG } from '../window/window.fixture.ts';
import { TraceWindow } from '../window/window.ts';
import type { SamplingRules } from './rules.ts';
import { Sampler } from './sampler.ts';
import { keptInOverload, overloadDecision } from './stress.ts';
import { Estimates, pick } from './unbiased.fixture.ts';

/** The forms of traces in this test, by what makes them due. */
const FORMS: Record<string, { spans: SpanSketch[]; weight: number; lateFrom?: number }> = {
  plain: { weight: 60, spans: chain('web', 4) },
  failing: { weight: 6, spans: chain('pay', 3, true) },
  rootless: { weight: 10, spans: chain('web', 3).slice(1) },
  many: { weight: 2, spans: chain('batch', 30) },
  heavy: { weight: 2, spans: heavy() },
  late: { weight: 12, spans: chain('pay', 5), lateFrom: 3 },
};

function chain(service: string, count: number, error = false): SpanSketch[] {
  return Array.from({ length: count }, (_, at) => ({
    id: `c${at}`,
    ...(at === 0 ? {} : { parent: `c${at - 1}` }),
    service,
    error: error && at === count - 1,
  }));
}

function heavy(): SpanSketch[] {
  return chain('batch', 3).map((span) => ({ ...span, attributes: { blob: 'x'.repeat(1000) } }));
}

const strings = new Interner();
const RULES: SamplingRules = {
  rules: [
    {
      name: 'errors',
      when: { kind: 'span', where: { kind: 'status', anyOf: ['error'] } },
      sampler: { kind: 'probability', probability: 0.5 },
    },
    {
      name: 'rest',
      sampler: { kind: 'limit', unit: 'spans', perSecond: 150, burst: 150, probability: 1 },
    },
  ],
};

interface Sending {
  atMs: number;
  /** Sent when its trace has long been decided. */
  late: boolean;
  table: SpanTable;
}

/** Rows `from` to `to` of a template under a fresh trace id. */
function piece(template: SpanTable, from: number, to: number, id: readonly number[]): SpanTable {
  const table = new SpanTable();
  table.resize(to - from);
  table.rows.set(template.rows.subarray(from * WORDS, to * WORDS));
  table.bodies = template.bodies;
  for (let span = 0; span < to - from; span += 1) table.rows.set(id, span * WORDS + TRACE_A);
  return table;
}

/** What is sent in half a minute, in order of time. */
function sendings(random: () => number): Sending[] {
  const templates = Object.values(FORMS).map(({ spans, weight, lateFrom }) => ({
    table: tableOf(strings, spans),
    weight,
    lateFrom: lateFrom ?? spans.length,
  }));
  const sent: Sending[] = [];
  for (let atMs = 0; atMs < 30_000; atMs += 3) {
    const { table, lateFrom } = pick(templates, random);
    const id = [0, 1, 2, 3].map(() => Math.floor(random() * 2 ** 32) | 0);
    sent.push({ atMs, late: false, table: piece(table, 0, lateFrom, id) });
    if (lateFrom === table.count) continue;
    sent.push({ atMs: atMs + 6000, late: true, table: piece(table, lateFrom, table.count, id) });
  }
  return sent.filter(({ atMs }) => atMs < 30_000).sort((left, right) => left.atMs - right.atMs);
}

class Run {
  readonly estimates = new Estimates(strings);
  readonly triggers = new Map<Trigger, number>();
  readonly byTrigger = new Map<Trigger, Estimates>();
  overloaded = 0;
  readonly #sampler = new Sampler(strings, RULES, { remembered: 0 });
  readonly #window = new TraceWindow({
    ...WINDOW_CONFIG,
    timeoutMs: 2500,
    maxSpansPerTrace: 20,
    maxBytesPerTrace: 2500,
    maxTraces: 650,
  });

  /** @param overload 1 in so many spans is kept without waiting; undefined: all wait */
  receive({ atMs, table, late }: Sending, overload: number | undefined): void {
    this.estimates.there(table);
    if (late) this.#of('late').there(table);
    this.#window.add(table, atMs, overload !== undefined);
    if (overload !== undefined) this.#decideUnheld(table, overload);
    this.decide(atMs);
  }

  decide(nowMs: number): void {
    for (let trace = this.#window.due(nowMs); trace; trace = this.#window.due(nowMs)) {
      const { trigger, spans } = trace;
      this.triggers.set(trigger, (this.triggers.get(trigger) ?? 0) + 1);
      const decision = trace.earlier ?? this.#sampler.decide(trace, nowMs);
      // Late spans are handed out only when they are kept: what there was of them is noted above.
      if (trigger !== 'late') this.#of(trigger).there(spans, decision.probability);
      if (decision.keep) {
        this.estimates.kept(spans, decision);
        this.#of(trigger).kept(spans, decision);
      }
      this.#window.settle(decision);
    }
  }

  #of(trigger: Trigger): Estimates {
    const known = this.byTrigger.get(trigger) ?? new Estimates(strings);
    this.byTrigger.set(trigger, known);
    return known;
  }

  stop(nowMs: number): void {
    this.#window.shutdown();
    this.decide(nowMs);
  }

  #decideUnheld(table: SpanTable, oneIn: number): void {
    const decision = overloadDecision(oneIn);
    const kept = (span: number) => table.isUnheld(span) && keptInOverload(table, span, oneIn);
    this.estimates.kept(table, decision, kept);
    for (let span = 0; span < table.count; span += 1) {
      if (table.isUnheld(span)) this.overloaded += 1;
    }
  }
}

function runs(overloadAt: (atMs: number) => number | undefined): Run[] {
  return [11, 23, 37].map((seed) => {
    const run = new Run();
    const sent = sendings(seeded(seed));
    for (const sending of sent) run.receive(sending, overloadAt(sending.atMs));
    // What waits at the end is decided by the shutdown, before its time.
    run.stop(sent.at(-1)!.atMs + 1);
    return run;
  });
}

test('whatever makes traces due, late spans too: the sums are the truth within 3 sigma', () => {
  for (const { estimates, triggers, byTrigger } of runs(() => undefined)) {
    const all: Trigger[] = [
      'root',
      'timeout',
      'span_limit',
      'byte_limit',
      'evicted',
      'shutdown',
      'late',
    ];
    for (const trigger of all) {
      expect(triggers.get(trigger) ?? 0, trigger).toBeGreaterThan(20);
      const deviations = byTrigger.get(trigger)?.deviations() ?? {};
      expect(deviations.all, trigger).toBeLessThan(3);
    }
    for (const [name, deviation] of Object.entries(estimates.deviations())) {
      expect(deviation, name).toBeLessThan(3);
    }
  }
});

// As under ten times the load: most is decided span by span, with a rate that changes.
test('overload span by span, coming and going at changing rates: the truth within 3 sigma', () => {
  const phases = [undefined, 16, 128, 32, undefined];
  for (const { estimates, overloaded } of runs((atMs) => phases[Math.floor(atMs / 6000) % 5])) {
    expect(overloaded).toBeGreaterThan(5000);
    for (const [name, deviation] of Object.entries(estimates.deviations())) {
      expect(deviation, name).toBeLessThan(3);
    }
  }
});
