/** Grain of Flyball's own tables. */
const BUCKET_SECONDS = 10;

/**
 * Start of the ten seconds `nowMs` lies in, epoch seconds.
 *
 * The collector's clock at arrival, not the span's own times: senders' clocks are wrong, spans
 * arrive late, and a sum already handed out must not change behind a controller that acted on it.
 */
export function bucketTime(nowMs: number): number {
  return Math.floor(nowMs / 1000 / BUCKET_SECONDS) * BUCKET_SECONDS;
}
