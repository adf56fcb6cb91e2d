import { GUARD_GONE_MS, type GuardWord, liveGuards } from '../act/guard-reports.ts';

/** What the guards of a service tell together. */
export interface GuardFacts {
  readonly newestMs: number;
  readonly live: number;
  /** By instance id; an instance is healthy when any live guard can use it. */
  readonly instances: ReadonlyMap<string, { healthy: boolean; startedAtMs: number }>;
  /** Versions the live guards apply. */
  readonly versions: readonly number[];
  /** Over the last seconds; null before two reports of one guard. */
  readonly traffic: GuardTraffic | null;
}

export interface GuardTraffic {
  readonly acceptedPerSecond: number;
  readonly rejectedPerSecond: number;
  /** Rejected over offered. */
  readonly rejectRatio: number;
}

/** Readings of one guard's counters, oldest first. Plain data, kept by the caller. */
export interface TrafficMemory {
  readonly readings: readonly { readonly guard: string; readonly word: GuardWord }[];
}

export const NO_TRAFFIC: TrafficMemory = { readings: [] };

export function rememberTraffic(
  memory: TrafficMemory,
  words: readonly GuardWord[],
  nowMs: number,
  windowMs: number,
): TrafficMemory {
  const added = words
    .filter((word) => !memory.readings.some(({ word: old }) => sameWord(old, word)))
    .map((word) => ({ guard: word.report.guard, word }));
  const readings = [...memory.readings, ...added].filter(
    ({ word }) => nowMs - word.receivedAtMs <= windowMs,
  );
  return { readings };
}

function sameWord(a: GuardWord, b: GuardWord): boolean {
  return a.report.guard === b.report.guard && a.receivedAtMs === b.receivedAtMs;
}

/** Null when no guard was ever heard of. */
export function guardFacts(
  words: readonly GuardWord[],
  memory: TrafficMemory,
  nowMs: number,
): GuardFacts | null {
  if (words.length === 0) return null;
  const live = liveGuards(words, nowMs);
  const instances = new Map<string, { healthy: boolean; startedAtMs: number }>();
  for (const { report } of live) {
    for (const { instance, healthy, startedAtMs } of report.instances) {
      const known = instances.get(instance)?.healthy ?? false;
      instances.set(instance, { healthy: healthy || known, startedAtMs });
    }
  }
  return {
    newestMs: Math.max(...words.map(({ receivedAtMs }) => receivedAtMs)),
    live: live.length,
    instances,
    versions: live.flatMap(({ report }) => report.appliedVersion ?? []),
    traffic: trafficOf(memory),
  };
}

function trafficOf({ readings }: TrafficMemory): GuardTraffic | null {
  let [accepted, rejected, known] = [0, 0, false];
  for (const words of Map.groupBy(readings, ({ guard }) => guard).values()) {
    const first = words[0]?.word;
    const last = words.at(-1)?.word;
    if (first === undefined || last === undefined) continue;
    const seconds = (last.seenMsTotal - first.seenMsTotal) / 1000;
    if (seconds <= 0) continue;
    known = true;
    accepted += (last.acceptedTotal - first.acceptedTotal) / seconds;
    rejected += (last.rejectedTotal - first.rejectedTotal) / seconds;
  }
  if (!known) return null;
  const offered = accepted + rejected;
  return {
    acceptedPerSecond: accepted,
    rejectedPerSecond: rejected,
    rejectRatio: offered === 0 ? 0 : rejected / offered,
  };
}

/** When a guard's word is too old to act on. */
export const GUARD_WORD_LIFETIME_MS = GUARD_GONE_MS;
