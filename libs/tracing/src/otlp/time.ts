/** The last instant a DateTime64(9) can hold, in 2262. */
const MAX_NS = 2n ** 63n - 1n;
const NS_PER_SECOND = 1_000_000_000n;

/**
 * `seconds.nanoseconds`, ten and nine digits: what ClickHouse reads into a DateTime64(9) whatever
 * its time zone. With fewer digits it would take the seconds for a year.
 */
export function timestampText(ns: bigint): string {
  const time = ns > MAX_NS ? MAX_NS : ns;
  const rest = (time % NS_PER_SECOND).toString().padStart(9, '0');
  return `${(time / NS_PER_SECOND).toString().padStart(10, '0')}.${rest}`;
}
