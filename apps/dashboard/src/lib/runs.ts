/** Equal neighbours as one run, newest or oldest first as they come. */
export type Run<T> = { first: T; last: T; count: number };

export function runsOf<T>(items: readonly T[], same: (a: T, b: T) => boolean): Run<T>[] {
  const runs: Run<T>[] = [];
  for (const item of items) {
    const run = runs.at(-1);
    if (run && same(run.last, item)) {
      run.last = item;
      run.count += 1;
    } else runs.push({ first: item, last: item, count: 1 });
  }
  return runs;
}
