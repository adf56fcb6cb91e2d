import type { LoopSample, Policy } from '@flyball/contract';
import type { DirectionalAutonomy } from '@flyball/control';
import type { Tracer } from '@opentelemetry/api';
import type { TargetState } from '../act/actuator.port.ts';
import type { Actuators } from '../act/actuators.ts';
import type { DesiredTargets } from '../act/desired-state.ts';
import type { GuardWords } from '../act/guard-reports.ts';
import type { Desk, DeskView } from '../approve/desk.port.ts';
import type { LoopDecision } from '../decide/loop.ts';
import { type LoopName, loopId } from '../decide/words.ts';
import type { LiveEvents } from '../live/live-events.ts';
import type { SamplingBoosts } from '../modes/sampling-boosts.port.ts';
import type { Observer } from '../observe/observer.port.ts';
import type { Snapshot } from '../observe/snapshot.ts';
import type { Clock } from '../platform/clock.ts';
import type { Logger } from '../platform/logger.ts';
import type { Recording } from '../record/recorder.ts';
import type { Memory } from './memory.port.ts';
import type { LoopState, Surroundings } from './service-state.ts';

/** The ports a cycle works through. */
export interface CycleParts {
  readonly observer: Observer;
  readonly actuators: Actuators;
  readonly guards: GuardWords;
  readonly desired: DesiredTargets;
  readonly desk: Desk;
  readonly memory: Memory;
  readonly boosts: SamplingBoosts;
  readonly recorder: Recording;
  readonly live: LiveEvents;
  readonly clock: Clock;
  readonly tracer: Tracer;
  readonly logger: Logger;
  /** Who proposes: `controller:<instance>`. */
  readonly actor: string;
  /** Time between cycles: a loop whose turn comes before the next one ticks now. */
  readonly cycleMs: number;
}

/** What one cycle works with. */
export interface Round {
  readonly nowMs: number;
  readonly fence: number;
  readonly traceId: string;
  readonly snapshot: Snapshot;
  readonly desk: DeskView;
  readonly surroundings: ReadonlyMap<string, Surroundings>;
}

/** One loop's tick. */
export interface Decided {
  readonly loop: LoopName;
  readonly id: string;
  readonly policy: Policy;
  readonly state: LoopState;
  readonly autonomy: DirectionalAutonomy;
  readonly mode: LoopSample['mode'];
  /** Null: the target could not be read. */
  readonly decision: LoopDecision | null;
  readonly target: TargetState | null;
}

/** What a person set at run time, or what the policy says. */
export function autonomyOf(policy: Policy, loop: LoopName, { desk }: Round): DirectionalAutonomy {
  const set = desk.autonomy.get(loopId(policy.service, loop));
  return set?.autonomy ?? policy.loops[loop]?.autonomy ?? { up: 'off', down: 'off' };
}

/** The reason and the words for a loop that may not act at all. */
export function stopText(
  state: LoopState,
  { desk }: Round,
): { readonly reason: string; readonly text: string } | null {
  if (state.memory.stopped !== null) {
    return { reason: 'foreign-writer', text: state.memory.stopped.reason };
  }
  if (!desk.automation.stopped) return null;
  const by = desk.automation.by ?? 'somebody';
  return { reason: 'hand-control', text: `All automation is stopped by ${by}.` };
}

/** A row of `flyball_events`. */
export function eventRow(
  event: { readonly kind: string; readonly subject: string; readonly text: string },
  actor: string,
  round: Round,
): Record<string, unknown> {
  return {
    time: new Date(round.nowMs).toISOString(),
    kind: event.kind,
    service: splitLoopId(event.subject)[0],
    actor,
    subject: event.subject,
    text: event.text,
    detail: '{}',
    trace_id: round.traceId,
  };
}

/** `checkout/replicas`: a service's name may itself hold slashes. */
export function splitLoopId(id: string): [service: string, loop: LoopName] {
  const at = id.lastIndexOf('/');
  return [id.slice(0, at), id.slice(at + 1) as LoopName];
}
