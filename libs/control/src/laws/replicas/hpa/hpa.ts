/**
 * Kubernetes' horizontal pod autoscaler (autoscaling/v2), as coded.
 *
 *     used      = utilisation cut to whole percent
 *     ratio     = used / target
 *     asked     = ceil(ratio x ready), or the present count while 1 - down <= ratio <= 1 + up
 *     asked up  = ceil(used' / target x (ready + starting)): what is starting is a pod that uses
 *                 nothing, used' = used x ready / (ready + starting); the present count where
 *                 that is no longer above the tolerance
 *
 *     with behaviour     stabilised = the present count, brought to at least the lowest asked
 *                        within the up window and at most the highest within the down window;
 *                        then at most what the policies allow, then min and max
 *     without behaviour  the highest asked within the down window, going up too; then at most
 *                        max(2 x count, 4), then min and max
 *
 *     a policy's start   = count - added + removed within its period
 *     up                 start + pods, or ceil(start (1 + percent / 100))
 *     down               start - pods, or int(start (1 - percent / 100))
 *
 * Of several metrics the one that asks for the most decides; when some say nothing, nothing is
 * taken away; when none says anything, nothing moves (metrics.ts holds the arithmetic for each
 * kind of metric, pod by pod). Run it every 15 s.
 *
 * It is here as the exact baseline to compare with and for those who want what they know. What is
 * weak in it is kept: a change older than the longest policy period of its own direction is
 * forgotten although the other direction's longer policy still needs it, which blocks a change
 * that its policy would allow; a Value target multiplies by the pods that are ready, so that with
 * none ready it asks for 0 at any load and can go 0, 9, 0 for ever when a start takes longer than
 * the down window; a fresh state begins the down window anew and knows of no earlier change. CPU
 * ends at 100 %, so that one start-up multiplies capacity by 1 / target at most.
 *
 * Differences: evidence that is missing, old, negative or no number is refused; after a step back
 * of the clock what is remembered keeps its age. Its own changes are learned from `applied`: a
 * change seen now was made at the step before. A pod counts from the moment it is ready; in
 * Kubernetes its CPU counts after one window more.
 *
 * Defaults: target 80 %, tolerance 0.1, min 1, down window 300 s, no behaviour (up to
 * max(2 x count, 4) at once). With behaviour: up 4 pods or 100 % per 15 s, the larger; down 100 %
 * per 15 s after the window. All are Kubernetes' own; evidence up to 60 s old is taken.
 *
 * Regimes: moving to the ratio, resting in the tolerance, held by a window, cut by a policy or a
 * limit, off at 0 replicas, holding without evidence, following a hand.
 *
 * Stability: at a constant load it settles for start-up times up to 120 s and a signal up to 45 s
 * old when the down window is longer than the signal's age (hpa.sim.test.ts); without a down
 * window it goes up and down for ever on a signal of 30 s that ended 15 s ago.
 *
 * Source: kubernetes, pkg/controller/podautoscaler, v1.36; KEP-853 for the behaviour, whose text
 * has another order of steps than the code.
 */
import type { Decision, Step, Terms } from '../../../decision.ts';
import { isMeasure } from '../../../numbers.ts';
import type { Reason } from '../../../reasons.ts';
import { nextLastMs, refuse } from '../../refuse.ts';
import type { ReplicaLaw, ReplicaObservation } from '../observation.ts';
import { type HpaConfig, type HpaMetric, type HpaSettings, hpaSettings } from './hpa-config.ts';
import { type HpaMemory, type HpaNormal, normalize } from './limits.ts';
import { shifted, withEvent, withHigh, withLow } from './memory.ts';
import {
  averageValueReplicas,
  combineProposals,
  type HpaProposal,
  isWithinTolerance,
  utilizationReplicas,
  valueReplicas,
} from './metrics.ts';

/** Plain JSON. */
export interface HpaState extends HpaMemory {
  readonly config: HpaSettings;
  readonly lastMs: number | null;
  readonly lastApplied: number | null;
}

export const hpa: ReplicaLaw<HpaConfig, HpaState> = {
  name: 'hpa',
  init: (config) => ({
    config: hpaSettings(config),
    lastMs: null,
    lastApplied: null,
    highs: [],
    lows: [],
    ups: [],
    downs: [],
  }),
  step,
  retune: (state, config) => ({ ...state, config: hpaSettings(config) }),
};

function step(state: HpaState, input: ReplicaObservation): Step<HpaState, number> {
  const { ready, starting, hand } = input;
  const applied = isMeasure(input.applied) ? input.applied : (state.lastApplied ?? 0);
  const refused = refuse(state.lastMs, input, state.config.evidenceMaxAgeMs);
  const next = followed(state, input);
  const hold = (reason: Reason): Step<HpaState, number> => ({
    state: next,
    output: { value: applied, reason, terms: { applied } },
  });
  if (refused !== null) {
    return hold(refused);
  }
  if (!isMeasure(input.applied) || !isMeasure(ready) || !isMeasure(starting)) {
    return hold('invalid-measure');
  }
  return hand === true ? hold('tracking') : decided(next, input);
}

/** The state once it has seen the time and the count of this step. */
function followed(state: HpaState, input: ReplicaObservation): HpaState {
  const { config, lastMs } = state;
  const nowMs = nextLastMs(lastMs, input.nowMs);
  const seen = isMeasure(input.applied);
  if (nowMs === null) {
    return state;
  }
  const learned = seen && input.hand !== true ? withChange(state, input.applied) : state;
  const memory = lastMs !== null && nowMs < lastMs ? rebased(learned, nowMs - lastMs) : learned;
  const { highs, lows, ups, downs } = memory;
  const lastApplied = seen ? input.applied : state.lastApplied;
  if (seen && state.lastApplied === null) {
    const first = withRecommendation(state, { atMs: nowMs, replicas: input.applied });
    return { config, lastMs: nowMs, lastApplied, ...first, ups, downs };
  }
  return { config, lastMs: nowMs, lastApplied, highs, lows, ups, downs };
}

/** A change of `applied` since the last step was made there. */
function withChange(state: HpaState, applied: number): HpaState {
  const { config, lastMs, lastApplied } = state;
  if (config.behavior === null || lastMs === null || lastApplied === null) {
    return state;
  }
  const event = { atMs: lastMs, change: Math.abs(applied - lastApplied) };
  if (applied > lastApplied) {
    return { ...state, ups: withEvent(state.ups, event, longestMs(config.behavior.up)) };
  }
  return applied < lastApplied
    ? { ...state, downs: withEvent(state.downs, event, longestMs(config.behavior.down)) }
    : state;
}

function longestMs(rules: { readonly policies: readonly { readonly periodMs: number }[] }): number {
  return rules.policies.reduce((longest, { periodMs }) => Math.max(longest, periodMs), 0);
}

function rebased(memory: HpaMemory, byMs: number): HpaMemory {
  return {
    highs: shifted(memory.highs, byMs),
    lows: shifted(memory.lows, byMs),
    ups: shifted(memory.ups, byMs),
    downs: shifted(memory.downs, byMs),
  };
}

function withRecommendation(
  state: Pick<HpaState, 'highs' | 'lows' | 'config'>,
  newest: { readonly atMs: number; readonly replicas: number },
): Pick<HpaState, 'highs' | 'lows'> {
  const { behavior, downscaleStabilizationMs } = state.config;
  const downMs = behavior?.down.stabilizationMs ?? downscaleStabilizationMs;
  return {
    highs: withHigh(state.highs, newest, downMs),
    lows: withLow(state.lows, newest, behavior?.up.stabilizationMs ?? 0),
  };
}

function decided(state: HpaState, input: ReplicaObservation): Step<HpaState, number> {
  const { config } = state;
  const { nowMs, applied } = input;
  const { minReplicas: min, maxReplicas: max } = config;
  const hold = (output: Decision<number>): Step<HpaState, number> => ({ state, output });
  if (applied === 0 && min !== 0) {
    return hold({ value: 0, reason: 'off-at-zero', terms: { applied, min } });
  }
  if (applied > max) {
    return hold({ value: max, reason: 'at-max', terms: { applied, proposed: applied, max } });
  }
  if (applied < min) {
    return hold({ value: min, reason: 'at-min', terms: { applied, proposed: applied, min } });
  }
  const proposals = proposalsOf(config, input);
  const combined = combineProposals(applied, proposals);
  if (combined.kind === 'invalid') {
    const reason = combined.why === 'impossible' ? 'invalid-measure' : 'no-evidence';
    return hold({ value: applied, reason, terms: { applied } });
  }
  const { replicas: desired, index } = combined;
  const proposal = proposals[index] as Counted;
  const terms = termsOf(config, proposal, { index, desired, input });
  if (combined.kind === 'no-scale-down') {
    return hold({ value: applied, reason: 'blind-scale-down', terms });
  }
  const normal = normalize(config, state, { nowMs, current: applied, desired });
  return {
    state: { ...state, ...withRecommendation(state, { atMs: nowMs, replicas: desired }) },
    output: {
      value: normal.value,
      reason: reasonOf(config, proposal, { normal, desired, applied }),
      terms: { ...terms, proposed: normal.stabilized, min, max },
    },
  };
}

type Counted = Extract<HpaProposal, { readonly kind: 'replicas' }>;

/** The utilisation first, if it is used, then the other metrics in their order. */
function proposalsOf(config: HpaSettings, input: ReplicaObservation): readonly HpaProposal[] {
  const others = config.metrics.map((metric) => proposalOf(config, metric, input));
  return config.targetPercent === null
    ? others
    : [utilizationOf(config, config.targetPercent, input), ...others];
}

/** What a replica requests, so that percentages come from whole numbers as in Kubernetes. */
const REQUEST = 1_000_000;

function utilizationOf(
  { tolerance }: HpaSettings,
  target: number,
  { utilization, applied, ready, starting }: ReplicaObservation,
): HpaProposal {
  if (utilization === null || ready === 0) {
    return { kind: 'invalid', why: 'no-samples' };
  }
  if (!isMeasure(utilization)) {
    return { kind: 'invalid', why: 'impossible' };
  }
  const totals = {
    usage: Math.round(utilization * REQUEST) * ready,
    requests: REQUEST * ready,
    samples: ready,
    ready,
    unready: starting,
    unreadyRequests: REQUEST * starting,
    missing: 0,
    missingRequests: 0,
    missingUsage: 0,
  };
  return utilizationReplicas(totals, { current: applied, target, tolerance });
}

function proposalOf(
  { tolerance }: HpaSettings,
  { figure, type, target }: HpaMetric,
  input: ReplicaObservation,
): HpaProposal {
  const usage = input[figure];
  if (usage === null) {
    return { kind: 'invalid', why: 'no-samples' };
  }
  const { applied: current, ready, starting } = input;
  return type === 'Value'
    ? valueReplicas({ current, ready, usage, target, tolerance })
    : averageValueReplicas({ replicas: ready + starting, usage, target, tolerance });
}

/** `metric` is 0 for the utilisation and the place in `metrics`, from 1, for another. */
function termsOf(
  config: HpaSettings,
  { used, assumed }: Counted,
  now: { readonly index: number; readonly desired: number; readonly input: ReplicaObservation },
): Terms {
  const { applied, ready, starting } = now.input;
  const metric = config.targetPercent === null ? now.index + 1 : now.index;
  const other = config.metrics[metric - 1];
  const unit = other === undefined ? 100 : 1;
  const setpoint = (other?.target ?? config.targetPercent ?? 0) / unit;
  const terms = { measured: used / unit, setpoint, metric, asked: now.desired };
  return assumed === null
    ? { ...terms, applied, ready, starting }
    : { ...terms, predicted: assumed / unit, applied, ready, starting };
}

function reasonOf(
  config: HpaSettings,
  proposal: Counted,
  now: { readonly normal: HpaNormal; readonly desired: number; readonly applied: number },
): Reason {
  const { normal, desired, applied } = now;
  if (normal.limit !== null) {
    return normal.limit;
  }
  if (normal.stabilized !== desired) {
    return desired >= applied ? 'stabilized-up' : 'stabilized-down';
  }
  if (normal.value !== applied) {
    return normal.value > applied ? 'above-setpoint' : 'below-setpoint';
  }
  if (isWithinTolerance(proposal.ratio, config.tolerance)) {
    return 'within-band';
  }
  return proposal.assumed !== null ? 'capacity-starting' : 'same-count';
}
