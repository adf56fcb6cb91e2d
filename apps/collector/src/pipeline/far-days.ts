const DAY_MS = 86_400_000;

/** Rows of these days around now are usual; telemetry is kept for a week unless told. */
const DAYS_BACK = 8;
const DAYS_AHEAD = 1;
/** Other days that are usual too, as those of a backfill or of a clock gone wrong. */
const MAX_OTHERS = 16;
const FORGET_MS = 3_600_000;
const SAY_EVERY_MS = 60_000;

/**
 * Tells rows whose time lies far from now, on one day too many. Rows of up to sixteen other days an
 * hour go with all others; a sender whose clock says anything at all would else make each block a
 * block of hundreds of days.
 */
export class FarDays {
  /** Rows that were far. */
  rows = 0;
  /** Told of one service that sends such rows, at most once a minute. */
  onFar: (service: string) => void = () => {};
  private readonly others = new Set<number>();
  private beganMs = 0;
  private saidMs = 0;

  /** @param day whole days since 1970 */
  isFar(day: number, nowMs: number): boolean {
    const today = Math.floor(nowMs / DAY_MS);
    if (day >= today - DAYS_BACK && day <= today + DAYS_AHEAD) return false;
    if (nowMs - this.beganMs >= FORGET_MS) {
      this.others.clear();
      this.beganMs = nowMs;
    }
    if (this.others.has(day)) return false;
    if (this.others.size >= MAX_OTHERS) return true;
    this.others.add(day);
    return false;
  }

  /** Counts a row that is. */
  note(service: string, nowMs: number): void {
    this.rows += 1;
    if (nowMs - this.saidMs < SAY_EVERY_MS) return;
    this.saidMs = nowMs;
    this.onFar(service);
  }
}
