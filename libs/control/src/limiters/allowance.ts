/**
 * The allowances of many keys in a bounded table: a burst (token bucket), a window (counter), or
 * both, for each key.
 *
 * A key that is put out to make room for another could come back as a stranger with a full
 * allowance, and would get more than it may. Here it cannot: each set of the table keeps `rest`, an
 * allowance that is used up at least as far as that of any key ever put out of it, and newcomers
 * begin with that. An idle key has nothing to remember and goes first. So no key ever gets more
 * than its rules say; the price is paid by strangers, who share one allowance with those put out
 * while more keys are active than the table has room for.
 */
import { ConfigError } from '../config.ts';
import {
  hashOf,
  initTable,
  isFull,
  KEY_LENGTH,
  placeIn,
  setAt,
  type Table,
  type TableSet,
  withEntry,
  withoutEntry,
  withSet,
} from '../persistent/table.ts';
import {
  checkMeterRule,
  levelAt,
  type Meter,
  type MeterRule,
  meterWaitMs,
  settled,
} from './meter.ts';
import {
  checkTallyRule,
  type Tally,
  type TallyRule,
  tallyAt,
  tallyWaitMs,
  usedOf,
  withCost,
} from './tally.ts';

export interface KeyRules {
  /** Null: no burst rule. */
  readonly bucket: MeterRule | null;
  /** Null: no window rule. */
  readonly window: TallyRule | null;
}

/** What one key has used. Plain JSON. */
export interface Allowance {
  readonly meter: Meter | null;
  readonly tally: Tally | null;
}

export type AllowanceTable = Table<Allowance>;

/** What a key may do now. */
export interface KeyVerdict {
  readonly key: string;
  readonly hash: number;
  readonly allowance: Allowance | null;
  /** 0: it may; null: it never will. */
  readonly burstWaitMs: number | null;
  readonly windowWaitMs: number | null;
  readonly tokens: number;
  readonly used: number;
}

const NOTHING: Allowance = { meter: null, tally: null };

export function checkKeyRules(rules: KeyRules, field = ''): KeyRules {
  const { bucket, window } = rules;
  if (bucket === null && window === null) {
    throw new ConfigError(`${field}bucket`, null, 'given, or the window');
  }
  return {
    bucket: bucket === null ? null : checkMeterRule(bucket, `${field}bucket.`),
    window: window === null ? null : checkTallyRule(window, `${field}window.`),
  };
}

export function initAllowances(
  field: string,
  config: { readonly maxKeys: number; readonly seed: number },
): AllowanceTable {
  return initTable(field, config);
}

export function judgeKey(
  table: AllowanceTable,
  rules: KeyRules,
  call: { readonly key: string; readonly nowMs: number; readonly cost: number },
): KeyVerdict {
  const { nowMs, cost } = call;
  const key = call.key.slice(0, KEY_LENGTH);
  const hash = hashOf(table, key);
  const set = setAt(table, hash);
  const allowance = set.entries[placeIn(set, key, hash)] ?? set.rest;
  const { bucket, window } = rules;
  const level = bucket === null ? 0 : levelAt(allowance?.meter ?? null, bucket, nowMs);
  const tally = window === null ? null : tallyAt(allowance?.tally ?? null, window, nowMs);
  return {
    key,
    hash,
    allowance,
    burstWaitMs: bucket === null ? 0 : meterWaitMs(level, bucket, cost),
    windowWaitMs:
      tally === null || window === null ? 0 : tallyWaitMs(tally, window, { cost, nowMs }),
    tokens: bucket === null ? 0 : Math.max(0, bucket.capacity - level),
    used: tally === null ? 0 : usedOf(tally),
  };
}

/** Takes what was found to be free. */
export function chargeKey(
  table: AllowanceTable,
  rules: KeyRules,
  call: { readonly verdict: KeyVerdict; readonly nowMs: number; readonly cost: number },
): AllowanceTable {
  const { verdict, nowMs, cost } = call;
  const { bucket, window } = rules;
  const { meter, tally } = verdict.allowance ?? NOTHING;
  const charged: Allowance = {
    meter: bucket === null ? null : { level: levelAt(meter, bucket, nowMs) + cost, atMs: nowMs },
    tally: window === null ? null : withCost(tallyAt(tally, window, nowMs), cost),
  };
  const { key, hash } = verdict;
  const found = setAt(table, hash);
  const at = placeIn(found, key, hash);
  const set = at < 0 && isFull(found) ? withRoom(found, { rules, nowMs }) : found;
  return withSet(table, hash, withEntry(set, { at, key, hash }, charged));
}

/** After a refusal: nothing is taken, but a key whose clock went back counts from now on. */
export function settleKey(
  table: AllowanceTable,
  { key, hash, allowance }: KeyVerdict,
  nowMs: number,
): AllowanceTable {
  if (allowance === null) {
    return table;
  }
  const meter = settled(allowance.meter, nowMs);
  const tally = allowance.tally === null ? null : tallySettled(allowance.tally, nowMs);
  if (meter === allowance.meter && tally === allowance.tally) {
    return table;
  }
  const set = setAt(table, hash);
  const kept = { meter, tally };
  const at = placeIn(set, key, hash);
  const changed = at < 0 ? { ...set, rest: kept } : withEntry(set, { at, key, hash }, kept);
  return withSet(table, hash, changed);
}

function tallySettled(tally: Tally, nowMs: number): Tally {
  const slot = Math.floor(nowMs / tally.partMs);
  return slot < tally.slot ? { ...tally, slot } : tally;
}

interface Moment {
  readonly rules: KeyRules;
  readonly nowMs: number;
}

/** The key that has used least goes, and `rest` remembers it. */
function withRoom(set: TableSet<Allowance>, moment: Moment): TableSet<Allowance> {
  let least = 0;
  let leastUse = Number.POSITIVE_INFINITY;
  for (let at = 0; at < set.entries.length; at += 1) {
    const use = useOf(set.entries[at] as Allowance, moment);
    if (use < leastUse) {
      least = at;
      leastUse = use;
    }
  }
  const gone = set.entries[least] as Allowance;
  const rest = leastUse > 0 ? dominating(set.rest, gone, moment) : set.rest;
  return { ...withoutEntry(set, least), rest };
}

/** How much of an allowance is used: 0 idle, 1 all of it. */
function useOf({ meter, tally }: Allowance, { rules, nowMs }: Moment): number {
  const { bucket, window } = rules;
  const burst = bucket === null ? 0 : levelAt(meter, bucket, nowMs) / bucket.capacity;
  const share =
    tally === null || window === null ? 0 : usedOf(tallyAt(tally, window, nowMs)) / window.limit;
  return Math.max(burst, share);
}

/** Used up at least as far as either, now and at any later time. */
function dominating(rest: Allowance | null, gone: Allowance, moment: Moment): Allowance {
  const { rules, nowMs } = moment;
  const { bucket, window } = rules;
  const a = rest ?? NOTHING;
  const levels = bucket === null ? [] : [a, gone].map((it) => levelAt(it.meter, bucket, nowMs));
  const tallies = window === null ? [] : [a, gone].map((it) => tallyAt(it.tally, window, nowMs));
  const [one, other] = tallies;
  return {
    meter: bucket === null ? null : { level: Math.max(...levels), atMs: nowMs },
    tally: one === undefined || other === undefined ? null : higher(one, other),
  };
}

function higher(one: Tally, other: Tally): Tally {
  const length = Math.max(one.counts.length, other.counts.length);
  const counts = new Array<number>(length);
  for (let at = 0; at < length; at += 1) {
    counts[at] = Math.max(one.counts[at] ?? 0, other.counts[at] ?? 0);
  }
  return { ...one, counts };
}
