/** A second, a time too short for a person and long enough to see a rate. */
const FAST_MS = 1000;
const SLOW_MS = 10_000;
/** Time in which what the bucket holds is given out. */
const HORIZON_S = 1;
/** What costs more seconds' worth than this is kept less often, in proportion. */
const LARGE_S = 10;
/** A debt beyond this many seconds' worth is forgiven. */
const MAX_DEBT_S = 4;

/** A rate over the past `tauMs`, older things weighing less and less. */
class MovingRate {
  readonly #tauMs: number;
  #sum = 0;

  constructor(tauMs: number) {
    this.#tauMs = tauMs;
  }

  get perSecond(): number {
    return (this.#sum * 1000) / this.#tauMs;
  }

  age(elapsedMs: number): void {
    this.#sum *= Math.exp(-elapsedMs / this.#tauMs);
  }

  add(cost: number): void {
    this.#sum += cost;
  }
}

/**
 * Which probability holds a rate.
 *
 * ```
 * large  = 10 s * perSecond
 * demand = the greater of two moving rates of min(cost, large), over 1 s and over 10 s
 * tokens   grow by `perSecond`, up to `burst`; what is kept is taken off, debts are allowed
 * p      = min(1, (perSecond + tokens / 1 s) / demand)                 tokens >= 0
 * p      = min(1, perSecond / demand) * exp(tokens / (perSecond * 1 s))  in debt, at most 4 s
 * p     *= min(1, large / cost)
 * ```
 *
 * The last line keeps one giant from taking the room of all others for a long time: it is kept
 * rarely, and the mean rate holds.
 *
 * p rests on what was seen before and on what this trace costs, never on its randomness. So each
 * trace kept stands for exactly 1/p, and sums over what is kept are right whatever p did. A bucket
 * that keeps until it is empty is not like that: what comes when it is empty has no chance at all,
 * and nothing kept can stand for it. The price: the rate is held over seconds, not in each one.
 */
export class RateGate {
  perSecond: number;
  burst: number;
  #tokens: number;
  #lastMs: number | undefined;
  readonly #fast = new MovingRate(FAST_MS);
  readonly #slow = new MovingRate(SLOW_MS);

  constructor(perSecond: number, burst: number) {
    this.perSecond = perSecond;
    this.burst = burst;
    this.#tokens = burst;
  }

  /** What comes, a second. */
  get demand(): number {
    return Math.max(this.#fast.perSecond, this.#slow.perSecond);
  }

  /** Time goes on; a step back counts as none. */
  advance(nowMs: number): void {
    this.#lastMs ??= nowMs;
    const elapsedMs = nowMs - this.#lastMs;
    if (elapsedMs <= 0) return;
    this.#lastMs = nowMs;
    this.#tokens = Math.min(this.burst, this.#tokens + (this.perSecond * elapsedMs) / 1000);
    this.#fast.age(elapsedMs);
    this.#slow.age(elapsedMs);
  }

  /** Something comes that would cost so much. */
  arrive(cost: number): void {
    const counted = Math.min(cost, this.#large);
    this.#fast.add(counted);
    this.#slow.add(counted);
  }

  /** Above 0 … 1, for what just came. */
  probability(cost: number): number {
    return this.#usual() * Math.min(1, this.#large / cost);
  }

  get #large(): number {
    return LARGE_S * this.perSecond;
  }

  #usual(): number {
    const { demand, perSecond } = this;
    if (demand === 0) return 1;
    const tokens = this.#tokens;
    if (tokens >= 0) return Math.min(1, (perSecond + tokens / HORIZON_S) / demand);
    return Math.min(1, perSecond / demand) * Math.exp(tokens / (perSecond * HORIZON_S));
  }

  spend(cost: number): void {
    const debt = -MAX_DEBT_S * this.perSecond;
    this.#tokens = Math.max(debt, this.#tokens - cost);
  }
}
