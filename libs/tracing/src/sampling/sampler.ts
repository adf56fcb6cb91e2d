import type { Interner } from '../otlp/interner.ts';
import type { TraceView } from '../window/trace-view.ts';
import { type BoostUse, RunningBoosts } from './boosts.ts';
import { createSeen, TestContext } from './conditions.ts';
import type { Decision } from './decision.ts';
import { DecisionLog, type DecisionNotes, NOT_NOTED, NOTED_RULES } from './decision-log.ts';
import { type Explanation, explain } from './explain.ts';
import { TraceRandomness } from './randomness.ts';
import { type BookRule, openBook, type RuleBook } from './rule-book.ts';
import type { SamplingBoost, SamplingRules } from './rules.ts';
import { PASSES } from './samplers.ts';

export interface SamplerOptions {
  /** Decisions remembered for `explain`, at 80 bytes each. */
  readonly remembered: number;
}

const DEFAULTS: SamplerOptions = { remembered: 50_000 };
/** Books of rules remembered, so that decisions under rules that were replaced can be told. */
const BOOKS = 4;

/**
 * Decides traces. Vetoes are asked first; then the rules in their order, and the first that holds
 * decides; then boosts may raise, never lower, what it said. A trace is kept iff its randomness
 * (`ot=rv`, else the last seven bytes of its id) reaches a threshold that was fixed without looking
 * at that randomness, so each kept trace stands for exactly 1/p of its like, whatever the sampler,
 * and a trace thinned out before is not thinned out twice.
 *
 * A deterministic machine: time is an argument, and chance is in the traces.
 */
export class Sampler {
  readonly #strings: Interner;
  readonly #seen = createSeen();
  readonly #randomness = new TraceRandomness();
  readonly #boosts: RunningBoosts;
  #log: DecisionLog;
  readonly #notes: DecisionNotes = {
    nowMs: 0,
    rule: -1,
    book: 0,
    failed: new Uint16Array(NOTED_RULES),
  };
  readonly #books: RuleBook[] = [];
  #context: TestContext;
  #book: RuleBook;
  #nowMs = 0;

  constructor(strings: Interner, rules: SamplingRules, options: Partial<SamplerOptions> = {}) {
    this.#strings = strings;
    this.#boosts = new RunningBoosts(strings);
    this.#log = new DecisionLog({ ...DEFAULTS, ...options }.remembered);
    this.#context = new TestContext(strings, this.#seen);
    this.#book = openBook(rules, this.#context, undefined);
    this.#books.push(this.#book);
  }

  /** New rules from now on. Those of a name that stays keep what they have learnt. */
  configure(rules: SamplingRules): void {
    const context = new TestContext(this.#strings, this.#seen);
    this.#book = openBook(rules, context, this.#book);
    this.#context = context;
    this.#notes.book += 1;
    this.#books.push(this.#book);
    if (this.#books.length > BOOKS) this.#books.shift();
  }

  /** Marks the interned names it remembers. */
  markNames(used: Uint8Array): void {
    this.#seen.edge.markNames(used);
    this.#seen.operation.markNames(used);
    this.#seen.version.markNames(used, false);
  }

  /** Remembers so many decisions for `explainDecided`; another number forgets those before. */
  remember(decisions: number): void {
    if (decisions !== this.#log.capacity) this.#log = new DecisionLog(decisions);
  }

  /**
   * What found no room: traces under the shared key of a dynamic rule, since that rule is there,
   * and names that gave way to others and count as new again.
   */
  overflowed(): { readonly keys: number; readonly seen: number } {
    const keys = this.#book.rules.reduce((sum, { sampler }) => sum + sampler.overflowed, 0);
    const { edge, operation, version } = this.#seen;
    return { keys, seen: edge.evicted + operation.evicted + version.evicted };
  }

  /** All boosts that are to be in force; those of a name that stays go on with their budget. */
  setBoosts(boosts: readonly SamplingBoost[]): void {
    this.#boosts.set(boosts);
  }

  boostUses(): BoostUse[] {
    return this.#boosts.uses();
  }

  /** Names of boosts whose time or budget is over. */
  endedBoosts(nowMs: number): string[] {
    return this.#boosts.ended(nowMs);
  }

  /** @param nowMs a step back counts as no step */
  decide(trace: TraceView, nowMs: number): Decision {
    if (nowMs > this.#nowMs) this.#nowMs = nowMs;
    const decision = this.#decide(trace, this.#nowMs, false);
    this.#context.learn(trace);
    const notes = this.#notes;
    notes.nowMs = this.#nowMs;
    this.#log.note(trace, decision, notes, notes.rule < 0 ? this.#book.rules.length : notes.rule);
    return decision;
  }

  /** How a trace that waits would be decided now; nothing is counted, nothing changes. */
  explainWaiting(trace: TraceView, nowMs: number): Explanation {
    const decision = this.#decide(trace, Math.max(nowMs, this.#nowMs), true);
    const about = { state: 'waiting', atMs: nowMs, trigger: null, decision } as const;
    return explain(about, this.#book, this.#notes.rule, [...this.#notes.failed]);
  }

  /** How a trace was decided, while that is remembered. */
  explainDecided(traceId: string): Explanation | undefined {
    const logged = this.#log.find(traceId);
    if (logged === undefined) return undefined;
    const { decidedMs: atMs, trigger, decision, rule, failed } = logged;
    const book = this.#books[this.#books.length - 1 - (this.#notes.book - logged.book)];
    return explain({ state: 'decided', atMs, trigger, decision }, book, rule, failed);
  }

  /** What `explainDecided` can know about. */
  get memory(): { readonly decisions: number; readonly sinceMs: number | undefined } {
    return { decisions: this.#log.capacity, sinceMs: this.#log.sinceMs };
  }

  #decide(trace: TraceView, nowMs: number, asks: boolean): Decision {
    this.#context.begin(trace, nowMs);
    this.#randomness.read(trace);
    const notes = this.#notes;
    const { rules } = this.#book;
    for (let at = 0; at < rules.length; at += 1) {
      const rule = rules[at] as BookRule;
      this.#context.failed = NOT_NOTED;
      if (rule.holds === undefined || rule.holds(trace)) {
        const head = this.#randomness.headProbability;
        const probability = rule.sampler.probability(trace, head, nowMs, asks);
        if (probability !== PASSES) {
          notes.rule = at;
          return this.#answer(trace, rule, probability, asks);
        }
      }
      if (at < NOTED_RULES) notes.failed[at] = this.#context.failed;
    }
    notes.rule = -1;
    if (this.#book.dryRun) return this.#book.noMatch.of(false);
    return this.#boosted(trace, 0, asks) ?? this.#book.noMatch.of(false);
  }

  #answer(trace: TraceView, rule: BookRule, probability: number, asks: boolean): Decision {
    const answers = rule.answers.get(rule.sampler.part);
    if (answers === undefined) throw new Error(`rule ${rule.name} has no such part`);
    answers.use(probability, rule.exact);
    const passes = answers.threshold.passes(this.#randomness);
    if (passes && !asks) rule.sampler.kept(trace);
    if (rule.dryRun || probability === 0) return answers.of(passes);
    return this.#boosted(trace, answers.probability, asks, passes) ?? answers.of(passes);
  }

  #boosted(
    trace: TraceView,
    probability: number,
    asks: boolean,
    keptAnyway = false,
  ): Decision | undefined {
    const boost = this.#boosts.strongest(trace, probability, this.#nowMs);
    if (boost === undefined) return undefined;
    const passes = boost.answers.threshold.passes(this.#randomness);
    if (passes && !keptAnyway && !asks) boost.spend(trace);
    return boost.answers.of(passes);
  }
}
