import type { DirectionalAutonomy } from '@flyball/control';
import { actionIdOf } from './actions.sql.ts';
import type { ProposalContent } from './content.ts';
import type {
  AutonomyOverride,
  Desk,
  DeskView,
  Finished,
  Judgement,
  Pending,
  Unjudged,
} from './desk.port.ts';

/** A desk in memory: one pending proposal a loop, actions finished when the test says so. */
export class FakeDesk implements Desk {
  readonly pending = new Map<string, Pending>();
  readonly open = new Set<string>();
  readonly autonomy = new Map<string, AutonomyOverride>();
  readonly withdrawn: { id: string; why: string }[] = [];
  readonly proposed: { content: ProposalContent; approvedBy: string | null; fence: number }[] = [];
  readonly judged: { actionId: string; judgement: Judgement }[] = [];
  readonly lowered: { loopId: string; to: DirectionalAutonomy; why: string }[] = [];
  unjudged: Unjudged[] = [];
  stopped = false;
  #finished: Finished[] = [];

  async look(sinceMs: number): Promise<DeskView> {
    return {
      automation: {
        stopped: this.stopped,
        by: this.stopped ? 'user:anna' : null,
        atMs: null,
        reason: null,
      },
      pending: new Map(this.pending),
      open: new Set(this.open),
      finished: this.#finished.filter(({ finishedAtMs }) => finishedAtMs > sinceMs),
      unjudged: [...this.unjudged],
      autonomy: new Map(this.autonomy),
      trackRecord: new Map(),
    };
  }

  async propose(content: ProposalContent, approvedBy: string | null, fence: number): Promise<void> {
    this.proposed.push({ content, approvedBy, fence });
    this.pending.delete(content.loopId);
    if (approvedBy === null) this.pending.set(content.loopId, { id: content.id, content });
    else this.open.add(content.loopId);
  }

  async withdraw(id: string, why: string): Promise<void> {
    this.withdrawn.push({ id, why });
    for (const [loop, pending] of this.pending) if (pending.id === id) this.pending.delete(loop);
  }

  async judge(actionId: string, judgement: Judgement): Promise<void> {
    this.judged.push({ actionId, judgement });
    this.unjudged = this.unjudged.filter(({ id }) => id !== actionId);
  }

  async lowerAutonomy(loopId: string, to: DirectionalAutonomy, why: string): Promise<void> {
    this.lowered.push({ loopId, to, why });
  }

  /** An approved change has been carried out. */
  finish(content: ProposalContent, version: string, atMs: number): void {
    this.pending.delete(content.loopId);
    this.open.delete(content.loopId);
    const { loopId, before, after } = content;
    const id = actionIdOf(content.id);
    this.#finished.push({
      id,
      loopId,
      state: 'succeeded',
      before,
      after,
      version,
      finishedAtMs: atMs,
    });
    this.unjudged.push({ id, content, finishedAtMs: atMs });
  }
}
