/** The guards around a replica law, in the order in which they speak. */
import { type Confirmation, confirm, confirmedDown, NOTHING_CONFIRMED } from '../guards/confirm.ts';
import { parseFreezeWindow } from '../guards/freeze-window.ts';
import type { Guard, Verdict } from '../guards/guard.ts';
import { evidenceAge, freezeWindow, handControl, modeFreeze } from '../guards/hold.ts';
import {
  clamp,
  type DirectionalAutonomy,
  directionalAutonomy,
  noBlindScaleDown,
  onlyFinite,
  slew,
} from '../guards/number.ts';
import { cooldown, flapBudget, minDwell } from '../guards/timing.ts';
import type { ReplicaObservation } from '../laws/replicas/observation.ts';
import { scheduledLeast, scheduleGuard } from '../laws/replicas/schedule/schedule.ts';
import {
  type ScheduleConfig,
  scheduleSettings,
} from '../laws/replicas/schedule/schedule-config.ts';
import type { GuardReason } from '../reasons.ts';

/** What a policy lets a replica loop do, whatever its law proposes. */
export interface ReplicaBounds {
  readonly min: number;
  readonly max: number;
  /** Of one step, as a share of what is applied. */
  readonly stepUp: number;
  readonly stepDown: number;
  readonly cooldownUpMs: number;
  readonly cooldownDownMs: number;
  readonly dwellMs: number;
  readonly evidenceMaxAgeMs: number;
  readonly actionsPerHour: number;
  readonly reversalsPerHour: number;
  /** `Fri 18:00 - Mon 06:00 Europe/Berlin` */
  readonly freeze: readonly string[];
  /** A way down has to be proposed for this long, and zeros are doubted; left out: neither. */
  readonly confirmDownMs?: number;
  /** Least and most by the clock. */
  readonly schedule?: ScheduleConfig;
}

/**
 * Propose, then bound. Without evidence nothing changes, but for one thing: what the limits and the
 * clock ask for at least is reached, for they are all that this needs. `beforeModes` are the
 * caller's own, of what it alone knows; they stand after the limits and before what is frozen.
 */
export function replicaGuards(
  bounds: ReplicaBounds,
  autonomy: DirectionalAutonomy,
  beforeModes: readonly Guard[] = [],
): readonly Guard[] {
  const leastAt = leastOf(bounds);
  return [
    handControl() as Guard,
    onlyFinite(),
    unlessBelow(
      leastAt,
      evidenceAge({ maxAgeMs: bounds.evidenceMaxAgeMs }) as Guard,
      'least-without-evidence',
    ),
    ...(bounds.confirmDownMs === undefined ? [] : [unlessBelow(leastAt, confirmedDown())]),
    slew({ up: { ratio: bounds.stepUp }, down: { ratio: bounds.stepDown }, whole: true }),
    // A scheduled least is reached at once, whatever one step may be.
    ...(bounds.schedule === undefined ? [] : [scheduleGuard(bounds.schedule)]),
    clamp({ min: bounds.min, max: bounds.max }),
    // After the limits, which would take away what nobody sees.
    noBlindScaleDown({ maxAgeMs: bounds.evidenceMaxAgeMs }),
    directionalAutonomy(autonomy),
    ...beforeModes,
    modeFreeze() as Guard,
    freezeWindow(bounds.freeze.map(parseFreezeWindow)) as Guard,
    cooldown({ upMs: bounds.cooldownUpMs, downMs: bounds.cooldownDownMs }),
    minDwell({ dwellMs: bounds.dwellMs }),
    flapBudget({
      actionsPerHour: bounds.actionsPerHour,
      reversalsPerHour: bounds.reversalsPerHour,
      safe: 'up',
    }),
  ];
}

/** Replicas there have to be at an instant, whatever is seen; never more than the limits allow. */
function leastOf({ min, max, schedule }: ReplicaBounds): (nowMs: number) => number {
  if (schedule === undefined) return () => min;
  const settings = scheduleSettings(schedule);
  return (nowMs) => Math.min(max, Math.max(min, scheduledLeast(settings, nowMs)));
}

/** Below the least a guard that holds keeps what is applied, and lets the next ones raise it. */
function unlessBelow(
  leastAt: (nowMs: number) => number,
  guard: Guard,
  reason?: GuardReason,
): Guard {
  return {
    name: guard.name,
    judge: (decision, context): Verdict<number> => {
      const verdict = guard.judge(decision, context);
      return verdict.kind === 'hold' && context.applied < leastAt(context.nowMs)
        ? { ...verdict, kind: 'keep', reason: reason ?? verdict.reason }
        : verdict;
    },
  };
}

/** What the guards remember of proposals; undefined: the bounds ask for none. */
export function confirmed(
  state: Confirmation | undefined,
  bounds: ReplicaBounds,
  seen: {
    readonly observation: Pick<
      ReplicaObservation,
      'nowMs' | 'evidenceAgeMs' | 'applied' | 'ready' | 'utilization'
    >;
    /** What the law rests on, and what it proposes. */
    readonly evidence: number | null;
    readonly value: number;
  },
): Confirmation | undefined {
  const { confirmDownMs: holdMs, evidenceMaxAgeMs } = bounds;
  if (holdMs === undefined) return undefined;
  const { observation, evidence, value } = seen;
  const { nowMs, evidenceAgeMs, applied, utilization } = observation;
  // A law may do without a utilisation, but not with one that fell silent.
  const figures = utilization === null ? [evidence] : [evidence, utilization];
  const proposed = { nowMs, evidenceAgeMs, value, applied, figures, busy: observation };
  return confirm(state ?? NOTHING_CONFIRMED, proposed, { holdMs, evidenceMaxAgeMs });
}
