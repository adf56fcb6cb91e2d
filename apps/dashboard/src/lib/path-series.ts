import type { PathBreakdown } from '@flyball/contract';
import { withGaps } from './gaps.ts';

/** Shares over time, at most `most` series: the rest of the time is one series more. */
export type SharePoint = { atMs: number; meanMs: number | null; shares: (number | null)[] };

export const everythingElse = 'everything else';

export function shareSeries(
  { keys, points, stepMs }: PathBreakdown['series'],
  most: number,
): { names: string[]; points: SharePoint[] } {
  const named = keys.slice(0, most);
  const rest = keys.length > named.length;
  const filled: SharePoint[] = points.map(({ atMs, meanMs, shares }) => {
    const values = named.map((key) => shares[key] ?? 0);
    const total = Object.values(shares).reduce((sum, share) => sum + share, 0);
    if (rest) values.push(Math.max(0, total - values.reduce((sum, share) => sum + share, 0)));
    return { atMs, meanMs, shares: values };
  });
  const empty = (atMs: number): SharePoint => ({
    atMs,
    meanMs: null,
    shares: [...named, ...(rest ? [''] : [])].map(() => null),
  });
  return {
    names: rest ? [...named, everythingElse] : named,
    points: withGaps(filled, stepMs, empty),
  };
}
