/** Requests offered per second at a time since the run began. */
export type Load = (sinceStartMs: number) => number;

export function constant(perSecond: number): Load {
  return () => perSecond;
}

/** `peak` from `fromMs` inclusive to `toMs` exclusive, `base` before and after. */
export function surge(config: {
  readonly base: number;
  readonly peak: number;
  readonly fromMs: number;
  readonly toMs: number;
}): Load {
  const { base, peak, fromMs, toMs } = config;
  return (sinceStartMs) => (sinceStartMs >= fromMs && sinceStartMs < toMs ? peak : base);
}

/** A recorded series, one value a second; its last value goes on. */
export function recorded(perSecond: readonly number[]): Load {
  return (sinceStartMs) => {
    const index = Math.min(perSecond.length - 1, Math.max(0, Math.floor(sinceStartMs / 1_000)));
    return perSecond[index] ?? 0;
  };
}
