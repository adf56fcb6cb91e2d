import { type Beliefs, FAULTY, statusOf } from './beliefs.ts';
import { isCut, type ScaleSetup } from './scenario.ts';

/** Counts who is taken for gone by whom, so that nobody needs to look at n x n beliefs. */
export class Verdicts {
  /** Pairs of live nodes of which one takes the other for gone. */
  livingHeldGone = 0;
  private readonly setup: ScaleSetup;
  private readonly up: Uint8Array;
  /** Pairs of a live node outside of the rack and one of the rack that it takes for gone. */
  private cutHeldGone = 0;
  private outside = 0;

  constructor(setup: ScaleSetup, up: Uint8Array) {
    this.setup = setup;
    this.up = up;
  }

  allOfCutGone(): boolean {
    const { joiner, cutFrom } = this.setup;
    return this.cutHeldGone === (joiner - cutFrom) * this.outside;
  }

  moved(observer: number, subject: number, wasGone: boolean, isGone: boolean): void {
    if (wasGone === isGone || this.up[observer] === 0 || this.up[subject] === 0) return;
    const change = isGone ? 1 : -1;
    this.livingHeldGone += change;
    if (isCut(this.setup, subject) && !isCut(this.setup, observer)) this.cutHeldGone += change;
  }

  /** After somebody died or the network changed. */
  recount(beliefs: Beliefs): void {
    this.livingHeldGone = 0;
    this.cutHeldGone = 0;
    const nodes = [...this.up.keys()];
    this.outside = nodes.filter((node) => this.up[node] === 1 && !isCut(this.setup, node)).length;
    for (const subject of beliefs.heardOf()) {
      if (subject >= this.up.length) continue;
      for (const observer of nodes) {
        const isGone = statusOf(beliefs.get(observer, subject)) === FAULTY;
        if (observer !== subject) this.moved(observer, subject, false, isGone);
      }
    }
  }
}
