import type { Policy } from '@flyball/contract';
import type { DirectionalAutonomy } from '@flyball/control';
import type { Span } from '@opentelemetry/api';
import { NO_MEMORY } from '../decide/loop.ts';
import { type LoopName, loopId } from '../decide/words.ts';
import { inSpan, OWN_SERVICE } from '../platform/tracing.ts';
import { ActStage } from './act-stage.ts';
import { DecideStage } from './decide-stage.ts';
import { loopView } from './loop-view.ts';
import type { KeptLoop, KeptMode } from './memory.port.ts';
import { OrientStage } from './orient-stage.ts';
import { autonomyOf, type CycleParts, type Round } from './parts.ts';
import { questionFor } from './questions.ts';
import { ControlState } from './service-state.ts';
import { readSurroundings } from './surroundings.ts';

const HOUR_MS = 3_600_000;
/** Ends of actions become visible out of order: each look goes back this far. */
const OVERLAP_MS = 60_000;

/**
 * The OODA cycle: observe, orient, decide, act. It owns all state that changes from tick to tick,
 * and through its stages is the only caller of the laws and of the mode machines. Runs on the
 * leader only, one at a time.
 */
export class Cycle {
  readonly #state = new ControlState();
  readonly #orient: OrientStage;
  readonly #decide: DecideStage;
  readonly #act: ActStage;
  /** Ends of actions up to here are known. */
  #seenUntilMs = 0;
  /** Ends that were told already, by action id. */
  readonly #told = new Map<string, number>();
  #loaded = false;

  constructor(private readonly parts: CycleParts) {
    this.#orient = new OrientStage(parts, this.#state);
    this.#decide = new DecideStage(parts, this.#state);
    this.#act = new ActStage(parts);
  }

  /** Forgets everything: the next run loads what the last leader kept. */
  reset(): void {
    this.#state.clear();
    this.#loaded = false;
  }

  async run(policies: readonly Policy[], fence: number): Promise<void> {
    const { tracer, clock, live, recorder, boosts } = this.parts;
    // Every cycle can be looked at: they are few, and what they decided is worth explaining.
    void boosts.want(OWN_SERVICE, { ratio: 1, why: 'cycles explain decisions' });
    await inSpan(tracer, null, 'ooda cycle', async (span) => {
      const nowMs = clock.nowMs();
      if (!this.#loaded) await this.#load(nowMs);
      const observed = await inSpan(tracer, span, 'observe', (inner) =>
        this.#observe(policies, nowMs, inner),
      );
      const round: Round = { ...observed, nowMs, fence, traceId: span.spanContext().traceId };
      const assessments = await inSpan(tracer, span, 'orient', () =>
        this.#orient.orient(policies, round),
      );
      const decisions = await inSpan(tracer, span, 'decide', () =>
        this.#decide.decide(assessments, round),
      );
      await inSpan(tracer, span, 'act', () => this.#act.act(decisions, assessments, round));
      await this.#keep(policies, round);
      await recorder.flush();
      live.publish({ topic: 'cycle', atMs: nowMs });
    });
  }

  async #load(nowMs: number): Promise<void> {
    const { loops, modes } = await this.parts.memory.load();
    for (const [service, { machine, view }] of modes) {
      Object.assign(this.#state.service(service), { machine, modeView: view });
    }
    for (const { memory, view, steeredAgoMs } of loops.values()) {
      // Actions of the last hour are read again from the desk, so that none is counted twice.
      const state = this.#state.loop(view.service, view.name as LoopName);
      state.memory = { ...memory, history: NO_MEMORY.history };
      // What was known of the target then is newer than those actions, if not by much.
      state.heardUntilMs = (memory.lastTickMs ?? 0) - OVERLAP_MS;
      state.steeredAtMs = typeof steeredAgoMs === 'number' ? nowMs - steeredAgoMs : null;
    }
    this.#seenUntilMs = nowMs - HOUR_MS;
    this.#told.clear();
    this.#loaded = true;
  }

  async #observe(
    policies: readonly Policy[],
    nowMs: number,
    parent: Span,
  ): Promise<Pick<Round, 'snapshot' | 'surroundings' | 'desk'>> {
    const { observer, desk } = this.parts;
    // Targets before the desk: a change of ours is then always known by the time it is seen.
    const [snapshot, surroundings] = await Promise.all([
      observer.observe(policies.map(questionFor), nowMs, parent),
      readSurroundings(policies, this.parts, nowMs),
    ]);
    const view = await desk.look(this.#seenUntilMs - OVERLAP_MS);
    const finished = view.finished.filter(({ id }) => !this.#told.has(id));
    this.#seenUntilMs = Math.max(
      this.#seenUntilMs,
      ...view.finished.map(({ finishedAtMs }) => finishedAtMs),
    );
    for (const { id, finishedAtMs } of finished) this.#told.set(id, finishedAtMs);
    for (const [id, atMs] of this.#told) {
      if (atMs < this.#seenUntilMs - 2 * OVERLAP_MS) this.#told.delete(id);
    }
    return { snapshot, surroundings, desk: { ...view, finished } };
  }

  async #keep(policies: readonly Policy[], round: Round): Promise<void> {
    const loops = new Map<string, KeptLoop>();
    const modes = new Map<string, KeptMode>();
    for (const policy of policies) {
      const state = this.#state.service(policy.service);
      if (state.machine !== null && state.modeView !== null) {
        modes.set(policy.service, { machine: state.machine, view: state.modeView });
      }
      for (const [loop, loopState] of state.loops) {
        if (policy.loops[loop] === undefined) continue;
        const { memory, tick } = loopState;
        const id = loopId(policy.service, loop);
        const autonomy = autonomyOf(policy, loop, round);
        if (mayAct(autonomy)) loopState.steeredAtMs = round.nowMs;
        const view = loopView({
          policy,
          loop,
          memory,
          autonomy,
          tick,
          pendingProposalId: round.desk.pending.get(id)?.id ?? null,
          automationStopped: round.desk.automation.stopped,
          nowMs: round.nowMs,
        });
        const { steeredAtMs } = loopState;
        const steeredAgoMs = steeredAtMs === null ? null : round.nowMs - steeredAtMs;
        loops.set(id, { memory, steeredAgoMs, view });
      }
    }
    const kept = await this.parts.memory.save(round.fence, loops, modes);
    if (!kept) throw new Error('a newer leader has written: this one steps back');
  }
}

/** A loop that may not act in any direction lets its target run out. */
function mayAct({ up, down }: DirectionalAutonomy): boolean {
  return [up, down].some((autonomy) => autonomy === 'ask' || autonomy === 'auto');
}
