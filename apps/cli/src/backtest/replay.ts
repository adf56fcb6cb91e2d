import {
  type Decision,
  explain,
  governorOf,
  isBlind,
  type ReplicaObservation,
} from '@flyball/control';
import { quantileOfBuckets } from '@flyball/tracing';
import type { ReplicaSteering } from '../policy/read-policy.ts';
import { NAMES } from '../serve/server.ts';
import type { GaugeBucket, Recording, RequestBucket } from './recording.ts';

/** One turn of the policy over what was recorded. */
export interface Turn {
  readonly atMs: number;
  readonly seen: ReplicaObservation;
  readonly decision: Decision<number>;
  readonly text: string;
  /** Nothing that counts could be seen: what is decided does not rest on it. */
  readonly isBlind: boolean;
}

/**
 * The policy in shadow: at each of its turns it sees what was to be seen then, at the number of
 * replicas there really was, and nothing it says changes anything.
 */
export function replay(
  recording: Recording,
  steering: ReplicaSteering,
  { fromMs, toMs }: { readonly fromMs: number; readonly toMs: number },
): Turn[] {
  const governor = governorOf(steering.governor, NAMES);
  const windowMs = steering.policy.observe.window;
  const requests = new Cursor(recording.requests, recording.bucketMs);
  const gauges = new Cursor(recording.gauges, recording.bucketMs);
  const counts = new Counts(recording);
  const begins = new Beginnings(recording);
  const turns: Turn[] = [];
  let state = governor.init();
  for (let atMs = fromMs; atMs <= toMs; atMs += steering.everyMs) {
    const seen = observationAt(atMs, {
      windowMs,
      bucketMs: recording.bucketMs,
      requests: requests.within(atMs - windowMs, atMs),
      gauges: gauges.within(atMs - windowMs, atMs),
      count: counts.at(atMs),
      beginMs: begins.at(atMs),
    });
    if (seen === null) continue;
    const step = governor.step(state, seen);
    state = step.state;
    const decision = step.output;
    const reasons = [step.proposed, ...step.trail].map(({ reason }) => reason);
    turns.push({
      atMs,
      seen,
      decision,
      text: explain(decision, NAMES),
      isBlind: isBlind(seen.evidenceAgeMs, ...reasons),
    });
  }
  return turns;
}

interface Look {
  readonly windowMs: number;
  readonly bucketMs: number;
  readonly requests: readonly RequestBucket[];
  readonly gauges: readonly GaugeBucket[];
  /** Whole buckets are counted from here on; null: nothing was counted yet. */
  readonly beginMs: number | null;
  readonly count: { readonly applied: number; readonly ready: number } | null;
}

/** Null: nobody knows how many replicas there were. */
function observationAt(atMs: number, look: Look): ReplicaObservation | null {
  const { requests, gauges, bucketMs, windowMs, count, beginMs } = look;
  if (count === null) return null;
  const ends = [requests.at(-1), gauges.at(-1)].flatMap((bucket) =>
    bucket === undefined ? [] : [bucket.atMs + bucketMs],
  );
  // Whole buckets, those without any request too: they are counted from all spans there were.
  const whole = (instantMs: number) => Math.floor(instantMs / bucketMs) * bucketMs;
  const counted = beginMs !== null && beginMs <= whole(atMs - windowMs);
  const spanMs = !counted || requests.length === 0 ? 0 : whole(atMs) - whole(atMs - windowMs);
  const total = (figure: (bucket: RequestBucket) => number) =>
    requests.reduce((sum, bucket) => sum + figure(bucket), 0);
  const ended = total((bucket) => bucket.requests);
  return {
    nowMs: atMs,
    evidenceAgeMs: ends.length === 0 ? null : Math.max(0, atMs - Math.min(...ends)),
    windowMs: spanMs === 0 ? windowMs : spanMs,
    ratePerSecond: spanMs === 0 ? null : (1_000 * ended) / spanMs,
    utilization:
      gauges.length === 0
        ? null
        : gauges.reduce((sum, { value }) => sum + value, 0) / gauges.length,
    inFlight: spanMs === 0 ? null : total((bucket) => bucket.totalMs) / spanMs,
    p99Ms: p99Of(requests),
    errorRatio: ended === 0 ? null : total((bucket) => bucket.errors) / ended,
    ...count,
    starting: Math.max(0, count.applied - count.ready),
  };
}

function p99Of(buckets: readonly RequestBucket[]): number | null {
  const all = buckets.flatMap(({ histogram }) => [...histogram]);
  const ns = quantileOfBuckets(all, 0.99);
  return ns === undefined ? null : ns / 1e6;
}

/** Buckets that are whole inside a window that only moves on. */
class Cursor<Bucket extends { readonly atMs: number }> {
  readonly #buckets: readonly Bucket[];
  readonly #bucketMs: number;
  #from = 0;

  constructor(buckets: readonly Bucket[], bucketMs: number) {
    this.#buckets = buckets;
    this.#bucketMs = bucketMs;
  }

  within(fromMs: number, toMs: number): readonly Bucket[] {
    // The window takes in the bucket it begins in, as the controller's does.
    while ((this.#buckets[this.#from]?.atMs ?? Infinity) + this.#bucketMs <= fromMs) {
      this.#from += 1;
    }
    let to = this.#from;
    while ((this.#buckets[to]?.atMs ?? Infinity) + this.#bucketMs <= toMs) to += 1;
    return this.#buckets.slice(this.#from, to);
  }
}

/** After a break this long the counts begin anew, somewhere inside their first bucket. */
const LONG_BREAK_MS = 300_000;

/** Since when whole buckets have been counted without a long break. */
class Beginnings {
  readonly #recording: Recording;
  #next = 0;
  #beginMs: number | null = null;

  constructor(recording: Recording) {
    this.#recording = recording;
  }

  at(atMs: number): number | null {
    const { requests, bucketMs } = this.#recording;
    let bucket = requests[this.#next];
    while (bucket !== undefined && bucket.atMs + bucketMs <= atMs) {
      const before = requests[this.#next - 1];
      if (before === undefined || bucket.atMs - before.atMs > LONG_BREAK_MS) {
        this.#beginMs = bucket.atMs + bucketMs;
      }
      this.#next += 1;
      bucket = requests[this.#next];
    }
    return this.#beginMs;
  }
}

/** How many replicas there were: as the controller noted it, else as many as reported. */
class Counts {
  readonly #recording: Recording;
  readonly #instances: readonly { readonly atMs: number; readonly instances: number }[];
  #sample = -1;
  #bucket = -1;

  constructor(recording: Recording) {
    this.#recording = recording;
    // A gauge comes from every instance, requests only from those that got any.
    this.#instances = recording.gauges.length > 0 ? recording.gauges : recording.requests;
  }

  at(atMs: number): Look['count'] {
    const { samples, bucketMs } = this.#recording;
    while ((samples[this.#sample + 1]?.atMs ?? Infinity) <= atMs) this.#sample += 1;
    while ((this.#instances[this.#bucket + 1]?.atMs ?? Infinity) + bucketMs <= atMs) {
      this.#bucket += 1;
    }
    const reporting = this.#instances[this.#bucket]?.instances ?? null;
    const applied = samples[this.#sample]?.applied ?? reporting;
    if (applied === null || applied <= 0) return null;
    const ready = reporting === null ? applied : Math.min(applied, Math.max(1, reporting));
    return { applied, ready };
  }
}
