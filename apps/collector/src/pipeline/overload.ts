import { CALM, type StressMode, type StressState, stepStress } from '@flyball/tracing';

export interface OverloadSources {
  /** Share of the fullest of the window's bounds in use, 0 … 1. */
  readonly window: () => number;
  /** Share of the spool in use. */
  readonly spool: () => number;
  /** Spans and bytes accepted since the start. */
  readonly spans: () => number;
  readonly bytes: () => number;
  /** Share of the window that so much would fill if it were held back. */
  readonly windowAt: (spansPerSecond: number, bytesPerSecond: number) => number;
  /** For how long spans are held, ms. */
  readonly heldMs: () => number;
  /** CPU time of this thread since its start, ms. */
  readonly cpuMs: () => number;
}

export interface OverloadEvents {
  entered(state: StressState, oneIn: number, nowMs: number): void;
  left(lastedMs: number, nowMs: number): void;
}

interface Measured {
  readonly atMs: number;
  readonly spans: number;
  readonly bytes: number;
  readonly cpuMs: number;
}

/** How often the load is looked at. */
const LOOK_EVERY_MS = 100;
/** Rates are measured over at least this long. */
const MEASURE_EVERY_MS = 500;
/**
 * Under stress the rate is the lower of the last moment's and of the mean over the time that spans
 * are held, though no longer than this: a clump fills the window no more than the same spread
 * evenly, and a storm that is over counts no longer.
 */
const MAX_AVERAGED_MS = 10_000;
/** A delay of the event loop that counts as no room left, and the time it is averaged over. */
const FULL_LAG_MS = 2000;
const LAG_TIME_CONSTANT_MS = 2000;
/** What a span costs until it has been measured. */
const FIRST_COST_US = 10;
/** Below this load fixed costs would be taken for those of the spans. */
const MEASURABLE_SHARE = 0.3;
const MEASURABLE_SPANS = 1000;
/** Cheap spans are believed at once: a cost taken too high would hold the stress too long. */
const WEIGHT_DOWN = 0.5;
const WEIGHT_UP = 0.1;
/** The cost cannot be measured under stress. So it is doubted, and in the end tried anew. */
const COST_HALF_LIFE_MS = 60_000;

/**
 * The state of stress, fed by what this thread sees of itself.
 *
 * The demand is what arrives times what a span takes when it is treated in full: of the window,
 * which is known, or of the thread's time, whichever is scarcer. The latter is measured while calm,
 * from all of its CPU time: receiving, deciding, rows and the rest.
 */
export class Overload {
  /** Times it was entered since the start. */
  entries = 0;
  private state: StressState = CALM;
  private readonly sources: OverloadSources;
  private readonly events: OverloadEvents;
  private lookedMs = 0;
  private worstLateMs = 0;
  private lagMs = 0;
  private costUs = FIRST_COST_US;
  private demand = 0;
  /** In the order of time. */
  private measured: Measured[] = [];

  constructor(sources: OverloadSources, events: OverloadEvents) {
    this.sources = sources;
    this.events = events;
  }

  get mode(): StressMode {
    return this.state.mode;
  }

  get level(): number {
    return this.state.level;
  }

  get cause(): StressState['cause'] {
    return this.state.cause;
  }

  /** 1 in this many traces is to be kept, undefined while whole traces can be waited for. */
  get oneIn(): number | undefined {
    return this.state.mode.kind === 'stressed' ? this.state.mode.oneIn : undefined;
  }

  /**
   * Call it with every step of the loop.
   *
   * @param lateMs how much later than wanted this step comes
   */
  tick(nowMs: number, lateMs: number): void {
    // A machine that slept for an hour is no more loaded than one that paused for a moment.
    this.worstLateMs = Math.min(FULL_LAG_MS, Math.max(this.worstLateMs, lateMs));
    const sinceMs = nowMs - this.lookedMs;
    if (sinceMs >= 0 && sinceMs < LOOK_EVERY_MS) return;
    const lastedMs = Math.max(LOOK_EVERY_MS, this.worstLateMs);
    const weight = 1 - Math.exp(-lastedMs / LAG_TIME_CONSTANT_MS);
    this.lagMs += weight * (this.worstLateMs - this.lagMs);
    this.worstLateMs = 0;
    this.lookedMs = nowMs;
    this.measure(nowMs);
    const before = this.state;
    this.state = stepStress(before, {
      nowMs,
      shares: {
        window: this.sources.window(),
        spool: this.sources.spool(),
        lag: this.lagMs / FULL_LAG_MS,
      },
      demand: this.demand,
    });
    this.tell(before, nowMs);
  }

  private tell(before: StressState, nowMs: number): void {
    const { mode } = this.state;
    if (mode.kind === 'stressed' && before.mode.kind === 'calm') {
      this.entries += 1;
      this.events.entered(this.state, mode.oneIn, nowMs);
    } else if (mode.kind === 'calm' && before.mode.kind === 'stressed') {
      this.events.left(nowMs - before.mode.sinceMs, nowMs);
    }
  }

  private measure(nowMs: number): void {
    const { sources } = this;
    const seen: Measured = {
      atMs: nowMs,
      spans: sources.spans(),
      bytes: sources.bytes(),
      cpuMs: sources.cpuMs(),
    };
    const before = this.measured.at(-1);
    const tookMs = before === undefined ? -1 : nowMs - before.atMs;
    if (tookMs >= 0 && tookMs < MEASURE_EVERY_MS) return;
    if (before === undefined || tookMs < 0) {
      this.measured = [seen];
      return;
    }
    this.measureCost(before, seen);
    this.measured.push(seen);
    this.forgetOld(nowMs);
    this.demand = this.demandSince(before, seen);
    if (this.state.mode.kind === 'calm') return;
    this.demand = Math.min(this.demand, this.demandSince(this.measured[0] ?? before, seen));
  }

  private measureCost(before: Measured, seen: Measured): void {
    const tookMs = seen.atMs - before.atMs;
    const spans = seen.spans - before.spans;
    const cpuMs = seen.cpuMs - before.cpuMs;
    if (this.state.mode.kind === 'stressed') this.costUs *= 2 ** (-tookMs / COST_HALF_LIFE_MS);
    else if (spans > MEASURABLE_SPANS && cpuMs > MEASURABLE_SHARE * tookMs) {
      const costUs = (1000 * cpuMs) / spans;
      this.costUs += (costUs < this.costUs ? WEIGHT_DOWN : WEIGHT_UP) * (costUs - this.costUs);
    }
  }

  /** The first of those that stay lies as far back as spans are held. */
  private forgetOld(nowMs: number): void {
    const heldMs = Math.min(MAX_AVERAGED_MS, this.sources.heldMs());
    const longestMs = Math.max(MEASURE_EVERY_MS, heldMs);
    const oldest = this.measured.findLastIndex(({ atMs }) => nowMs - atMs >= longestMs);
    if (oldest > 0) this.measured.splice(0, oldest);
  }

  private demandSince(from: Measured, to: Measured): number {
    const perSecond = 1000 / (to.atMs - from.atMs);
    const spans = (to.spans - from.spans) * perSecond;
    const held = this.sources.windowAt(spans, (to.bytes - from.bytes) * perSecond);
    return Math.max(held, (spans * this.costUs) / 1e6);
  }
}
