import {
  explain,
  type Governor,
  type GovernorState,
  governorOf,
  type Names,
  type ReplicaObservation,
} from '@flyball/control';
import type { ReplicaSteering } from '../policy/read-policy.ts';
import {
  type DecisionLine,
  type ObservationLine,
  observationLine,
  resetLine,
  type StartedLine,
} from './lines.ts';

/** Names for the sentences: a stranger's figures have no metric's name. */
export const NAMES: Names = {
  signal: 'utilization',
  knob: 'replicas',
  formatSignal: (value) => `${Number((100 * value).toPrecision(3))} %`,
};

const KNOWN = new Set(Object.keys(observationLine.shape));

/** Answers line after line; what it remembers is the run since the last reset. */
export class PolicyServer {
  readonly #steering: ReplicaSteering;
  readonly #governor: Governor;
  #state: GovernorState;
  #answered: number;

  constructor(steering: ReplicaSteering) {
    this.#steering = steering;
    this.#governor = governorOf(steering.governor, NAMES);
    this.#state = this.#governor.init();
    this.#answered = steering.governor.bounds.min;
  }

  /** The answer to one line, as JSON text without a line's end; null: the line was empty. */
  answer(line: string): string | null {
    if (line.trim() === '') return null;
    let given: unknown;
    try {
      given = JSON.parse(line);
    } catch (error) {
      return refusal(`no JSON: ${(error as Error).message}`);
    }
    if (resetLine.safeParse(given).success) return JSON.stringify(this.#reset());
    const parsed = observationLine.safeParse(given);
    if (parsed.success) return JSON.stringify(this.#decide(parsed.data, given as object));
    const [issue] = parsed.error.issues;
    const field = issue?.path.join('.') ?? '';
    return refusal(`${field === '' ? 'the line' : field}: ${issue?.message ?? 'is not usable'}`);
  }

  #reset(): StartedLine {
    const { policy, everyMs, governor } = this.#steering;
    this.#state = this.#governor.init();
    this.#answered = governor.bounds.min;
    const { min, max } = governor.bounds;
    return { reset: true, policy: policy.name, law: this.#governor.name, everyMs, min, max };
  }

  #decide(line: ObservationLine, given: object): DecisionLine {
    const step = this.#governor.step(this.#state, this.#observationOf(line));
    this.#state = step.state;
    this.#answered = step.output.value;
    const { value, reason, terms } = step.output;
    const { slowStartMs } = terms;
    const ignored = Object.keys(given).filter((field) => !KNOWN.has(field));
    return {
      value,
      reason,
      text: explain(step.output, NAMES),
      terms,
      proposed: step.proposed.value,
      ...(slowStartMs === undefined ? {} : { weights: { slowStartMs } }),
      ...(ignored.length === 0 ? {} : { ignored }),
    };
  }

  #observationOf(line: ObservationLine): ReplicaObservation {
    const applied = line.applied ?? sumOf(line.ready, line.starting) ?? this.#answered;
    const ready = line.ready ?? Math.max(0, applied - (line.starting ?? 0));
    return {
      nowMs: line.nowMs,
      windowMs: line.windowMs ?? this.#steering.policy.observe.window,
      // Left out is not null: who says nothing of an age speaks of now.
      evidenceAgeMs: line.evidenceAgeMs === undefined ? 0 : line.evidenceAgeMs,
      ratePerSecond: line.ratePerSecond ?? null,
      utilization: line.utilization ?? null,
      inFlight: line.inFlight ?? null,
      p99Ms: line.p99Ms ?? null,
      errorRatio: line.errorRatio ?? null,
      applied,
      ready,
      starting: line.starting ?? Math.max(0, applied - ready),
      ...(line.hand === true ? { hand: true } : {}),
    };
  }
}

function sumOf(
  ready: number | null | undefined,
  starting: number | null | undefined,
): number | undefined {
  if (typeof ready !== 'number') return undefined;
  return ready + (starting ?? 0);
}

function refusal(error: string): string {
  return JSON.stringify({ error });
}
