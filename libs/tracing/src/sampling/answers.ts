import type { Decision, DecisionReason } from './decision.ts';
import { coarse, Threshold } from './threshold.ts';

/**
 * The decisions one rule gives, made when a probability is first met and then handed out again:
 * deciding allocates nothing while probabilities stand still.
 */
export class Answers {
  readonly threshold = new Threshold();
  readonly #reason: DecisionReason;
  readonly #rule: string;
  readonly #dryRun: boolean;
  #asked = Number.NaN;
  #applied = 0;
  #kept: Decision = NOTHING;
  #dropped: Decision = NOTHING;

  constructor(rule: string, reason: DecisionReason, dryRun: boolean) {
    this.#rule = rule;
    this.#reason = reason;
    this.#dryRun = dryRun;
  }

  /** The probability in force: what the threshold lets pass, exactly. */
  get probability(): number {
    return this.#applied;
  }

  /** @param exact written in a rule; others are rounded, so that few of them differ */
  use(probability: number, exact: boolean): void {
    const wanted = exact ? probability : coarse(probability);
    if (wanted === this.#asked) return;
    this.#asked = wanted;
    const { threshold } = this;
    threshold.set(wanted);
    this.#applied = threshold.probability;
    const applied = { probability: this.#applied, threshold: threshold.toBigInt() };
    const about = { ...applied, reason: this.#reason, rule: this.#rule };
    this.#kept = Object.freeze({ keep: true, ...about });
    this.#dropped = Object.freeze({ keep: false, ...about });
    if (!this.#dryRun) return;
    const whole = { keep: true, probability: 1, threshold: 0n, rule: this.#rule };
    this.#kept = Object.freeze({ ...whole, reason: this.#reason });
    this.#dropped = Object.freeze({ ...whole, reason: 'dry_run' as const });
  }

  /** Of a trace whose randomness does, or does not, reach the threshold. */
  of(passes: boolean): Decision {
    return passes ? this.#kept : this.#dropped;
  }
}

const NOTHING: Decision = Object.freeze({
  keep: false,
  probability: 0,
  threshold: 0n,
  reason: 'no_match',
  rule: '',
});
