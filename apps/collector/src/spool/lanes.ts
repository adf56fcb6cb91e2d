const FAR = '__far';

/**
 * Where rows of a table wait whose own time lies far from now. ClickHouse makes a part of every day
 * in an insert, so rows of many days are dear: they go in blocks of their own, past all others.
 */
export function farLane(table: string): string {
  return `${table}${FAR}`;
}

export function isFarLane(lane: string): boolean {
  return lane.endsWith(FAR);
}

/** The table that a lane's rows belong to. */
export function tableOfLane(lane: string): string {
  return isFarLane(lane) ? lane.slice(0, -FAR.length) : lane;
}
