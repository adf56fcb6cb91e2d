import { bucketTime } from '../red/bucket-time.ts';
import type { TraceView } from '../window/trace-view.ts';
import type { Decision, DecisionReason } from './decision.ts';

/** A row of flyball_sampling: an increment; rows of one key add up. */
export interface SamplingRow {
  /** Epoch seconds, a multiple of 10. */
  time: number;
  /** Name of the rule, '' when none matched. */
  policy: string;
  reason: DecisionReason;
  /** Traces decided. */
  seen: number;
  kept: number;
  /** Bytes of the spans seen. */
  bytes: number;
}

/** What was decided and why, drops included. One row per rule, so it is bounded by the rules. */
export class SamplingLedger {
  readonly #rows = new Map<string, SamplingRow>();
  #time = 0;
  #finished: SamplingRow[] = [];

  /** Late spans follow an earlier decision and are not counted as another. */
  record(trace: TraceView, decision: Decision, nowMs: number): void {
    if (trace.trigger === 'late') return;
    const time = bucketTime(nowMs);
    if (time !== this.#time) this.#turn(time);
    const { rule: policy, reason } = decision;
    const key = `${reason}\0${policy}`;
    let row = this.#rows.get(key);
    if (row === undefined) {
      row = { time, policy, reason, seen: 0, kept: 0, bytes: 0 };
      this.#rows.set(key, row);
    }
    row.seen += 1;
    if (decision.keep) row.kept += 1;
    row.bytes += trace.bytes;
  }

  /** Increments since the last drain. */
  drain(): SamplingRow[] {
    this.#turn(this.#time);
    const rows = this.#finished;
    this.#finished = [];
    return rows;
  }

  #turn(time: number): void {
    this.#finished.push(...this.#rows.values());
    this.#rows.clear();
    this.#time = time;
  }
}
