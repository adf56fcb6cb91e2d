/** Calls from one service to another in a window. */
export interface CallFigures {
  readonly caller: string;
  readonly callee: string;
  readonly count: number;
  readonly errors: number;
}

export interface ErrorOrigin {
  /** The service in which the errors begin; the service asked about when they are its own. */
  readonly service: string;
  /** From the service asked about to the origin. */
  readonly path: readonly string[];
  /** Error ratio of the last call on the path; null when the path is the service alone. */
  readonly errorRatio: number | null;
}

export interface ErrorOriginOptions {
  /** Calls fail when at least this share of them does. Default 0.05. */
  readonly minErrorRatio?: number;
  /** Calls needed to judge an edge. Default 10. */
  readonly minCount?: number;
}

/**
 * Where do the errors of a service begin? Follows, from callee to callee, the edge with the most
 * errors as long as there is one that fails; the last callee is the origin. A cycle ends the walk
 * where it closes. Impossible figures (NaN, more errors than calls) say nothing about an edge.
 */
export function errorOrigin(
  service: string,
  calls: readonly CallFigures[],
  options: ErrorOriginOptions = {},
): ErrorOrigin {
  const { minErrorRatio = 0.05, minCount = 10 } = options;
  const failing = calls.filter(
    ({ count, errors }) =>
      count >= Math.max(1, minCount) && errors <= count && errors / count >= minErrorRatio,
  );
  const path = [service];
  let errorRatio: number | null = null;
  for (;;) {
    const last = path.at(-1);
    const [worst] = failing
      .filter((call) => call.caller === last && !path.includes(call.callee))
      .toSorted((a, b) => b.errors - a.errors || (a.callee < b.callee ? -1 : 1));
    if (worst === undefined) {
      return { service: path.at(-1) ?? service, path, errorRatio };
    }
    path.push(worst.callee);
    errorRatio = worst.errors / worst.count;
  }
}
