import type { Knob, LoopSample } from '@flyball/contract';
import { recordAction } from '@flyball/control';
import type { TargetState } from '../act/actuator.port.ts';
import type { Finished } from '../approve/desk.port.ts';
import { decideLoop } from '../decide/decide.ts';
import type { LoopDecision } from '../decide/loop.ts';
import { LOOP_NAMES, type LoopName, loopId } from '../decide/words.ts';
import type { Assessment } from '../orient/assess.ts';
import type { Tick } from './loop-view.ts';
import {
  autonomyOf,
  type CycleParts,
  type Decided,
  eventRow,
  type Round,
  splitLoopId,
  stopText,
} from './parts.ts';
import { wantsChange } from './reconcile.ts';
import type { ControlState, LoopState } from './service-state.ts';

/** Ticks the loops whose turn it is: law, then guards. */
export class DecideStage {
  constructor(
    private readonly parts: CycleParts,
    private readonly state: ControlState,
  ) {}

  /** Every loop whose turn it is. */
  decide(assessments: ReadonlyMap<string, Assessment>, round: Round): Decided[] {
    const decided: Decided[] = [];
    this.#hearOfActions(round.desk.finished);
    for (const assessment of assessments.values()) {
      const { policy } = assessment;
      for (const loop of LOOP_NAMES) {
        const words = policy.loops[loop];
        if (words === undefined) continue;
        const state = this.state.loop(policy.service, loop);
        const { lastTickMs } = state.memory;
        const due =
          lastTickMs === null || round.nowMs - lastTickMs >= words.every - this.#slackMs();
        if (due) decided.push(this.#tick(loop, state, assessment, round));
      }
    }
    return decided;
  }

  /** A turn that comes in less than half a cycle is taken now rather than late. */
  #slackMs(): number {
    return this.parts.cycleMs / 2;
  }

  #hearOfActions(finished: readonly Finished[]): void {
    for (const action of finished) {
      const [service, loop] = splitLoopId(action.loopId);
      const state = this.state.loop(service, loop);
      const known = action.finishedAtMs <= state.heardUntilMs;
      if (action.state !== 'succeeded') {
        if (known) continue;
        // Nobody knows whether a failed change was made: what is found next is taken as it is.
        state.memory = { ...state.memory, knownVersion: null };
        continue;
      }
      const change = { atMs: action.finishedAtMs, ...numbersOf(action) };
      state.memory = {
        ...state.memory,
        knownVersion: known ? state.memory.knownVersion : action.version,
        history: recordAction(state.memory.history, change),
      };
    }
  }

  #tick(loop: LoopName, state: LoopState, assessment: Assessment, round: Round): Decided {
    const { policy } = assessment;
    const id = loopId(policy.service, loop);
    const target = round.surroundings.get(policy.service)?.targets.get(loop);
    const autonomy = autonomyOf(policy, loop, round);
    const mode = this.state.service(policy.service).report?.mode ?? null;
    const base = { loop, id, policy, state, autonomy, mode };
    if (target === undefined || 'away' in target) {
      const why = target === undefined ? 'it was not read' : target.away;
      state.memory = { ...state.memory, lastTickMs: round.nowMs };
      const text = `The target cannot be read, so nothing changes: ${why}.`;
      state.tick = blindTick('actuator-away', text, { round, mode });
      return { ...base, decision: null, target: null };
    }
    this.#watchForForeignHands(id, state, target, round);
    const stopped = round.desk.automation.stopped || state.memory.stopped !== null;
    const decision = decideLoop(loop, {
      nowMs: round.nowMs,
      assessment,
      target,
      mode,
      playbook: this.state.service(policy.service).playbook,
      autonomy,
      hand: stopped,
      memory: state.memory,
    });
    state.memory = decision.memory;
    const quiet = !wantsChange(decision) && !decision.isBlind;
    state.quietTicks = quiet ? state.quietTicks + 1 : 0;
    state.tick = tickOf(decision, { round, mode }, stopText(state, round));
    return { ...base, decision, target };
  }

  /** A version that none of our actions made is somebody else's: two hands on one knob fight. */
  #watchForForeignHands(id: string, state: LoopState, target: TargetState, round: Round): void {
    const { memory } = state;
    const { desk } = round;
    const set = desk.autonomy.get(id);
    const released = set?.byPerson === true && set.setAtMs > (memory.stopped?.atMs ?? 0);
    if (memory.stopped !== null && released) {
      state.memory = { ...memory, stopped: null, knownVersion: target.version };
      return;
    }
    if (memory.knownVersion === null || memory.stopped !== null) {
      state.memory = { ...memory, knownVersion: target.version };
      return;
    }
    const busy = desk.open.has(id) || desk.finished.some(({ loopId: done }) => done === id);
    if (busy || memory.knownVersion === target.version) return;
    const reason =
      `Somebody else changed the target (version ${memory.knownVersion} to ${target.version}): ` +
      'the loop stops until an operator sets its autonomy again.';
    state.memory = {
      ...memory,
      stopped: { reason, atMs: round.nowMs },
      knownVersion: target.version,
    };
    this.parts.logger.warn({ loop: id, version: target.version }, 'foreign writer, loop stopped');
    this.parts.recorder.write(
      'flyball_events',
      eventRow({ kind: 'loop.stopped', subject: id, text: reason }, this.parts.actor, round),
    );
  }
}

/** Actions on weights count, but have no direction. */
function numbersOf({ before, after }: Finished): { from: number; to: number } {
  const numeric = typeof before === 'number' && typeof after === 'number';
  return numeric ? { from: before, to: after } : { from: 0, to: 0 };
}

type Circumstances = { readonly round: Round; readonly mode: LoopSample['mode'] };

function tickOf(
  decision: LoopDecision,
  { round, mode }: Circumstances,
  stopped: { readonly reason: string; readonly text: string } | null,
): Tick {
  return {
    law: decision.law,
    guards: decision.guards,
    sample: {
      atMs: round.nowMs,
      setpoint: decision.setpoint,
      measured: decision.measured,
      terms: { ...decision.terms },
      proposed: copy(decision.proposed),
      bounded: copy(decision.bounded),
      applied: copy(decision.applied),
      mode,
      reason: stopped?.reason ?? decision.reason,
      text: stopped?.text ?? decision.text,
      evidenceAgeMs: decision.evidenceAgeMs,
      traceId: round.traceId,
    },
  };
}

/** A tick in which the target could not be read: nothing was asked of the law. */
function blindTick(reason: string, text: string, { round, mode }: Circumstances): Tick {
  return {
    law: '',
    guards: [],
    sample: {
      atMs: round.nowMs,
      setpoint: null,
      measured: null,
      terms: {},
      proposed: null,
      bounded: null,
      applied: null,
      mode,
      reason,
      text,
      evidenceAgeMs: null,
      traceId: round.traceId,
    },
  };
}

function copy(knob: LoopDecision['applied']): Knob {
  return typeof knob === 'number' ? knob : { ...knob };
}
