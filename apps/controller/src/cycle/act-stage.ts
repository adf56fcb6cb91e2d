import type { Autonomy } from '@flyball/contract';
import { sameKnob } from '@flyball/control';
import { draftProposal, draftUndo } from '../approve/draft.ts';
import type { LoopDecision } from '../decide/loop.ts';
import type { Assessment } from '../orient/assess.ts';
import { judge } from './judge.ts';
import { sampleRow, shownAutonomy } from './loop-view.ts';
import {
  autonomyOf,
  type CycleParts,
  type Decided,
  eventRow,
  type Round,
  splitLoopId,
  stopText,
} from './parts.ts';
import { reconcile } from './reconcile.ts';

/** Lays what the loops want before people, or has it done, and judges what was done. */
export class ActStage {
  constructor(private readonly parts: CycleParts) {}

  async act(
    decided: readonly Decided[],
    assessments: ReadonlyMap<string, Assessment>,
    round: Round,
  ): Promise<void> {
    for (const one of decided) {
      this.#record(one, round);
      if (one.decision === null) continue;
      const assessment = assessments.get(one.policy.service);
      if (assessment !== undefined) await this.#settle(one, one.decision, assessment, round);
    }
    await this.#clear(assessments, round);
    await this.#judge(assessments, round);
  }

  /** Proposals of loops that no policy has any more. */
  async #clear(assessments: ReadonlyMap<string, Assessment>, { desk }: Round): Promise<void> {
    for (const [id, pending] of desk.pending) {
      const [service, loop] = splitLoopId(id);
      const words = assessments.get(service)?.policy.loops[loop];
      if (words === undefined)
        await this.parts.desk.withdraw(pending.id, 'no policy has it any more');
    }
  }

  #record({ id, policy, loop, state, autonomy }: Decided, round: Round): void {
    if (state.tick === null) return;
    const row = sampleRow(
      { service: policy.service, name: loop },
      state.tick,
      shownAutonomy(autonomy),
    );
    this.parts.recorder.write('flyball_loop_samples', row);
    this.parts.live.publish({ topic: 'tick', loopId: id, atMs: round.nowMs });
  }

  async #settle(
    { id, policy, state, autonomy, target, mode }: Decided,
    decision: LoopDecision,
    assessment: Assessment,
    round: Round,
  ): Promise<void> {
    const { desk, observer, actor } = this.parts;
    const pending = round.desk.pending.get(id) ?? null;
    const diverges = pending !== null && !sameKnob(pending.content.after, decision.bounded);
    state.divergentTicks = diverges ? state.divergentTicks + 1 : 0;
    const intent = reconcile({
      decision,
      autonomy,
      pending,
      open: round.desk.open.has(id),
      stopped: stopText(state, round)?.text ?? null,
      targetVersion: target?.version ?? '',
      quietTicks: state.quietTicks,
      divergentTicks: state.divergentTicks,
    });
    switch (intent.kind) {
      case 'nothing':
      case 'shadow':
      case 'keep':
        return;
      case 'withdraw':
        return desk.withdraw(intent.id, intent.why);
      case 'propose': {
        const asked = intent.approvedBy === null;
        const content = draftProposal({
          decision,
          assessment,
          snapshot: round.snapshot,
          targetVersion: target?.version ?? '',
          autonomy: intent.autonomy,
          mode,
          trackRecord: round.desk.trackRecord.get(id) ?? { met: 0, judged: 0 },
          exampleTraceIds: asked ? await observer.examples(policy.service, round.nowMs) : [],
          proposedBy: actor,
          traceId: round.traceId,
        });
        return desk.propose(content, intent.approvedBy, round.fence);
      }
    }
  }

  /** Did what was done help? What harmed is undone, and its loop asks from now on. */
  async #judge(assessments: ReadonlyMap<string, Assessment>, round: Round): Promise<void> {
    const { desk, actor } = this.parts;
    for (const action of round.desk.unjudged) {
      const { content } = action;
      const judgement = judge(action, assessments.get(content.service), round.nowMs);
      if (judgement === null) continue;
      await desk.judge(action.id, judgement);
      if (judgement.state !== 'harmed') continue;
      const event = { kind: 'action.harmed', subject: content.loopId, text: judgement.text };
      this.parts.recorder.write('flyball_events', eventRow(event, actor, round));
      const [service, loop] = splitLoopId(content.loopId);
      const policy = assessments.get(service)?.policy;
      if (policy === undefined) continue;
      const autonomy = autonomyOf(policy, loop, round);
      if (autonomy.up === 'auto' || autonomy.down === 'auto') {
        const to = { up: lowered(autonomy.up), down: lowered(autonomy.down) };
        await desk.lowerAutonomy(content.loopId, to, judgement.text);
      }
      const target = round.surroundings.get(service)?.targets.get(loop);
      // The word on the direction that did harm counts for its undoing too.
      const word = Number(content.after) > Number(content.before) ? autonomy.up : autonomy.down;
      if (word === 'off' || word === 'shadow') continue;
      // Undo only what is still in force: a later change is somebody's newer decision.
      if (target === undefined || 'away' in target || !sameKnob(target.value, content.after))
        continue;
      const undo = draftUndo(content, {
        targetVersion: target.version,
        why: judgement.text,
        proposedBy: actor,
        nowMs: round.nowMs,
        traceId: round.traceId,
      });
      const alone = content.autonomy === 'auto' && word === 'auto';
      const approvedBy = alone ? 'policy:undo' : null;
      await desk.propose(undo, approvedBy, round.fence);
    }
  }
}

/** Asks where it acted alone. What somebody has turned down further stays there. */
function lowered(autonomy: Autonomy): Autonomy {
  return autonomy === 'auto' ? 'ask' : autonomy;
}
