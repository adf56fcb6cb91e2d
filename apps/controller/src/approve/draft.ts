import { randomUUID } from 'node:crypto';
import type { Autonomy, Evidence, Knob, Mode } from '@flyball/contract';
import { sameKnob } from '@flyball/control';
import type { LoopDecision } from '../decide/loop.ts';
import { type LoopName, loopId } from '../decide/words.ts';
import type { Snapshot } from '../observe/snapshot.ts';
import type { Assessment } from '../orient/assess.ts';
import { unitOf } from '../orient/signals.ts';
import { replicaSignal } from '../policies/law-configs.ts';
import { blastRadius } from './blast-radius.ts';
import type { ProposalContent } from './content.ts';
import { digestOf } from './digest.ts';
import { evidenceFor } from './evidence.ts';
import { predict } from './predict.ts';
import { describeChange, formatKnob, formatSignal, unitFor } from './sentences.ts';

export interface DraftInput {
  readonly decision: LoopDecision;
  readonly assessment: Assessment;
  readonly snapshot: Snapshot;
  readonly targetVersion: string;
  readonly autonomy: Autonomy;
  readonly mode: Mode | null;
  readonly trackRecord: { readonly met: number; readonly judged: number };
  readonly exampleTraceIds: readonly string[];
  readonly proposedBy: string;
  readonly traceId: string | null;
}

/** A decision as a proposal: all that an approver must see, frozen. */
export function draftProposal(input: DraftInput): ProposalContent {
  const { decision, assessment, snapshot } = input;
  const { policy } = assessment;
  const change = { service: policy.service, loop: decision.loop, ...knobs(decision) };
  const evidence: Evidence[] = evidenceFor(input);
  return {
    id: randomUUID(),
    loopId: loopId(policy.service, decision.loop),
    service: policy.service,
    autonomy: input.autonomy,
    title: describeChange(change),
    unit: unitFor(decision.loop),
    before: change.before,
    after: change.after,
    reason: decision.reason,
    why: whyNow(input),
    terms: { ...decision.terms },
    evidence,
    guards: [...decision.guards],
    prediction: { ...predict(decision, assessment), trackRecord: { ...input.trackRecord } },
    blastRadius: blastRadius(policy.service, change, snapshot),
    undo: undoText(change, assessment),
    ifNothing: ifNothing(input),
    alternatives: alternatives(input),
    preconditions: {
      targetVersion: input.targetVersion,
      mode: input.mode,
      evidenceHash: digestOf(evidence),
    },
    proposedBy: input.proposedBy,
    quorum: policy.approvals.quorum,
    createdAtMs: snapshot.atMs,
    expiresAtMs: snapshot.atMs + policy.approvals.expireAfter,
    traceId: input.traceId,
  };
}

function knobs(decision: LoopDecision): { before: Knob; after: Knob } {
  return { before: decision.applied, after: decision.bounded };
}

function whyNow({ decision, assessment }: DraftInput): string {
  const page = assessment.slo?.text ?? null;
  return page === null ? decision.text : `${decision.text} Also, ${page}.`;
}

type Change = { readonly loop: LoopDecision['loop']; readonly before: Knob; readonly after: Knob };

function undoText(change: Change, { policy }: Assessment): string {
  const back = formatKnob(change.loop, change.before);
  if (change.loop !== 'replicas') return `Set it back to ${back}: guards take it over in seconds.`;
  const seconds = Math.round((policy.loops.replicas?.startUp ?? 0) / 1000);
  const growing = Number(change.after) > Number(change.before);
  return growing
    ? `Set it back to ${back} replicas: the new ones drain and stop.`
    : `Set it back to ${back} replicas: they serve again in about ${seconds} s.`;
}

function ifNothing({ decision, assessment }: DraftInput): string {
  const { service } = assessment.policy;
  const now = formatKnob(decision.loop, decision.applied);
  const growing = Number(decision.bounded) > Number(decision.applied);
  switch (decision.loop) {
    case 'replicas':
      if (decision.reason === 'at-min' || decision.reason === 'scheduled-floor') {
        return `${service} stays at ${now} replicas, below the least that its policy asks for.`;
      }
      return growing
        ? `${service} stays at ${now} replicas: what exceeds them waits, fails or is shed.`
        : `${service} keeps ${now} replicas, more than its load needs.`;
    case 'rate':
      return `The limit of ${service} stays at ${now} requests/s.`;
    case 'weights':
      return `Traffic of ${service} goes on as it is, to slow and failing instances too.`;
  }
}

function alternatives({ decision, assessment }: DraftInput): string[] {
  const others: string[] = ['Do nothing, and decide again when this expires'];
  if (String(decision.proposed) !== String(decision.bounded) && decision.loop !== 'weights') {
    const { proposed, applied, bounded } = decision;
    const asked = formatKnob(decision.loop, proposed);
    const went = sameKnob(proposed, applied) ? 'stayed at' : 'gone to';
    const more = Number(bounded) > Math.max(Number(proposed), Number(applied));
    const guards = more ? 'ask for more' : 'allow less';
    others.push(`The law alone would have ${went} ${asked}; the guards ${guards}`);
  }
  const { rate, replicas } = assessment.policy.loops;
  if (decision.loop === 'replicas') others.push(...neighbours(decision, assessment));
  if (decision.loop === 'replicas' && rate !== undefined) {
    others.push('Leave it to the rate limit, which sheds what does not fit');
  }
  if (decision.loop === 'rate' && replicas !== undefined) {
    others.push('Add replicas instead of shedding');
  }
  return others;
}

/** One replica more and one fewer, with what the loop's signal would be. */
function neighbours(decision: LoopDecision, { policy }: Assessment): string[] {
  const loop = policy.loops.replicas;
  const { measured } = decision;
  if (loop === undefined || measured === null || decision.isBlind) return [];
  const [before, after] = [Number(decision.applied), Number(decision.bounded)];
  const signal = replicaSignal(policy, loop);
  return [after - 1, after + 1]
    .filter((count) => count !== before && count >= loop.limits.min && count <= loop.limits.max)
    .map((count) => {
      const level = formatSignal((measured * before) / count, unitOf(signal));
      return `${count} replicas: ${signal} about ${level}`;
    });
}

/** The way back from a change that harmed. */
export function draftUndo(
  done: ProposalContent,
  now: {
    readonly targetVersion: string;
    readonly why: string;
    readonly proposedBy: string;
    readonly nowMs: number;
    readonly traceId: string | null;
  },
): ProposalContent {
  const [before, after] = [done.after, done.before];
  const loop = done.loopId.slice(done.service.length + 1) as LoopName;
  return {
    ...done,
    id: randomUUID(),
    title: `Undo: ${describeChange({ service: done.service, loop, before, after })}`,
    before,
    after,
    reason: 'undo',
    why: now.why,
    terms: {},
    guards: [],
    prediction: {
      ...done.prediction,
      text: 'Things go back to what they were before the change.',
      value: null,
      low: null,
      high: null,
      withinMs: null,
    },
    undo: `Set it to ${formatKnob(loop, before)} again.`,
    ifNothing: 'The change that did harm stays in force.',
    alternatives: ['Do nothing'],
    preconditions: { ...done.preconditions, targetVersion: now.targetVersion },
    proposedBy: now.proposedBy,
    createdAtMs: now.nowMs,
    expiresAtMs: now.nowMs + (done.expiresAtMs - done.createdAtMs),
    traceId: now.traceId,
  };
}
