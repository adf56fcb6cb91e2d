/**
 * The limits of an entrance: by user, by address, and for all together.
 *
 *     admit iff  user's burst   cost <= tokens of the user          100/s, burst 200
 *           and  user's window  used + cost <= limit of the user    1000 in 60 s
 *           and  address        used + cost <= limit of the address 100 in 60 s
 *           and  everybody      cost <= tokens of all               10,000/s, burst 10,000
 *
 * All or nothing: every limit is asked before any is charged, so a call that one of them refuses
 * costs nothing with the others. The wait is the longest of those that refuse, and the reason names
 * that limit. A call without a user (or address) is held by the other limits only. Users and
 * addresses each have a bounded table in which forgetting grants nothing (`allowance.ts`).
 *
 * Defaults: as above, of the mission's table; 20,000 places for users and for addresses each. An
 * address is the tightest: behind a shared one, raise or drop that limit.
 * Regimes: below every limit; at one or several of them.
 * Stability: open loop, always stable; each limit's own bound holds at any time.
 * Source: the mission's table, row 8, and its mistake 5 (check and take are one step).
 */
import {
  type Admission,
  granted,
  IMPOSSIBLE,
  isCost,
  type Machine,
  type MachineInput,
  type MachineStep,
  refused,
} from '../admission/machine.ts';
import type { AdmissionReason } from '../reasons.ts';
import {
  type AllowanceTable,
  chargeKey,
  checkKeyRules,
  initAllowances,
  judgeKey,
  type KeyRules,
  type KeyVerdict,
  settleKey,
} from './allowance.ts';
import {
  checkMeterRule,
  levelAt,
  type Meter,
  type MeterRule,
  meterWaitMs,
  settled,
} from './meter.ts';

export interface HybridLimiterConfig {
  /** Null: users are not limited. */
  readonly user?: KeyRules | null;
  /** By address. Null: addresses are not limited. */
  readonly ip?: KeyRules | null;
  /** Null: there is no limit for all together. */
  readonly global?: MeterRule | null;
  /** Places for users and for addresses each; kept as it began by `retune`. Default 20,000. */
  readonly maxKeys?: number;
  /** Of the keys' hash: anything strangers do not know. Kept by `retune`. Default 0. */
  readonly seed?: number;
}

interface HybridRules {
  readonly user: KeyRules | null;
  readonly ip: KeyRules | null;
  readonly global: MeterRule | null;
}

/** Plain JSON. */
export interface HybridLimiterState {
  readonly config: HybridRules;
  readonly users: AllowanceTable;
  readonly ips: AllowanceTable;
  readonly all: Meter | null;
}

export interface HybridTakeInput extends MachineInput {
  /** Null: not known. */
  readonly user: string | null;
  readonly ip: string | null;
  /** Above 0. Default 1. */
  readonly cost?: number;
}

const USER: KeyRules = {
  bucket: { capacity: 200, ratePerSecond: 100 },
  window: { limit: 1_000, windowMs: 60_000, parts: 6 },
};
const IP: KeyRules = { bucket: null, window: { limit: 100, windowMs: 60_000, parts: 6 } };
const GLOBAL: MeterRule = { capacity: 10_000, ratePerSecond: 10_000 };

export const hybridLimiter: Machine<
  HybridLimiterConfig,
  HybridLimiterState,
  HybridTakeInput,
  Admission
> = {
  name: 'hybridLimiter',
  init: (config) => {
    const { maxKeys = 20_000, seed = 0 } = config;
    const table = initAllowances('maxKeys', { maxKeys, seed });
    return { config: rulesOf(config), users: table, ips: table, all: null };
  },
  step,
  retune: (state, config) => ({ ...state, config: rulesOf(config) }),
};

function rulesOf(config: HybridLimiterConfig): HybridRules {
  const { user = USER, ip = IP, global = GLOBAL } = config;
  return {
    user: user === null ? null : checkKeyRules(user, 'user.'),
    ip: ip === null ? null : checkKeyRules(ip, 'ip.'),
    global: global === null ? null : checkMeterRule(global, 'global.'),
  };
}

/** One limit's answer: 0 it may, null it never will. */
interface Hold {
  readonly reason: AdmissionReason;
  readonly waitMs: number | null;
}

function step(
  state: HybridLimiterState,
  { nowMs, user, ip, cost = 1 }: HybridTakeInput,
): MachineStep<HybridLimiterState, Admission> {
  if (!Number.isFinite(nowMs) || !isCost(cost)) {
    return { state, output: IMPOSSIBLE };
  }
  const { config, users, ips, all } = state;
  const call = { nowMs, cost };
  const byUser =
    config.user === null || user === null
      ? null
      : judgeKey(users, config.user, { key: user, ...call });
  const byIp =
    config.ip === null || ip === null ? null : judgeKey(ips, config.ip, { key: ip, ...call });
  const level = config.global === null ? 0 : levelAt(all, config.global, nowMs);
  const allWaitMs = config.global === null ? 0 : meterWaitMs(level, config.global, cost);
  const terms = termsOf(cost, { byUser, byIp, level, global: config.global });
  const hold = longest([
    { reason: 'global-limit-reached', waitMs: allWaitMs },
    { reason: 'user-burst-reached', waitMs: byUser === null ? 0 : byUser.burstWaitMs },
    { reason: 'user-limit-reached', waitMs: byUser === null ? 0 : byUser.windowWaitMs },
    { reason: 'ip-limit-reached', waitMs: byIp === null ? 0 : byIp.burstWaitMs },
    { reason: 'ip-limit-reached', waitMs: byIp === null ? 0 : byIp.windowWaitMs },
  ]);
  if (hold !== null) {
    const next: HybridLimiterState = {
      config,
      users: byUser === null ? users : settleKey(users, byUser, nowMs),
      ips: byIp === null ? ips : settleKey(ips, byIp, nowMs),
      all: settled(all, nowMs),
    };
    const reason = hold.waitMs === null ? 'cost-above-limit' : hold.reason;
    return { state: next, output: refused(reason, hold.waitMs, terms) };
  }
  const next: HybridLimiterState = {
    config,
    users: charged(users, config.user, { verdict: byUser, ...call }),
    ips: charged(ips, config.ip, { verdict: byIp, ...call }),
    all: config.global === null ? null : { level: level + cost, atMs: nowMs },
  };
  return { state: next, output: granted('within-limit', terms) };
}

function charged(
  table: AllowanceTable,
  rules: KeyRules | null,
  call: { readonly verdict: KeyVerdict | null; readonly nowMs: number; readonly cost: number },
): AllowanceTable {
  const { verdict, nowMs, cost } = call;
  return rules === null || verdict === null
    ? table
    : chargeKey(table, rules, { verdict, nowMs, cost });
}

/** The limit that holds the call longest; null: none does. */
function longest(holds: readonly Hold[]): Hold | null {
  let worst: Hold | null = null;
  for (const hold of holds) {
    const holdsBack = hold.waitMs !== 0;
    if (holdsBack && (worst === null || lengthOf(hold) > lengthOf(worst))) {
      worst = hold;
    }
  }
  return worst;
}

function lengthOf({ waitMs }: Hold): number {
  return waitMs ?? Number.POSITIVE_INFINITY;
}

/** What is left of each limit and used of each window, before this call. */
function termsOf(
  cost: number,
  found: {
    readonly byUser: KeyVerdict | null;
    readonly byIp: KeyVerdict | null;
    readonly level: number;
    readonly global: MeterRule | null;
  },
): Admission['terms'] {
  const { byUser, byIp, level, global } = found;
  return {
    cost,
    ...(byUser === null ? {} : { userTokens: byUser.tokens, userUsed: byUser.used }),
    ...(byIp === null ? {} : { ipUsed: byIp.used }),
    ...(global === null ? {} : { globalTokens: Math.max(0, global.capacity - level) }),
  };
}
