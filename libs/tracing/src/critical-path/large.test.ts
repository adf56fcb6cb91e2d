import { describe, expect, it } from 'vitest';
import { PathColumns } from './columns.ts';
import { criticalPath } from './critical-path.ts';
import { linkParents } from './link.ts';
import { timeByOperation } from './operations.ts';
import { slackAndDrag } from './slack.ts';
import { HOST_UNKNOWN } from './types.ts';
import { whatIf } from './what-if.ts';
import { createPathWorkspace } from './workspace.ts';

const N = 100_000;

type Shape = (i: number) => [startNs: number, endNs: number, parent: number];

/** P2: large shapes must neither overflow the stack nor take for ever; the bench has the times. */
const SHAPES: Record<string, { shape: Shape; segments: number }> = {
  'one below the other': {
    shape: (i) => [i, 3 * N - i, i - 1],
    segments: 2 * N - 1,
  },
  'side by side': {
    shape: (i) => (i === 0 ? [0, 1000 * N, -1] : [i, 500 * N + ((i * 7919) % N), 0]),
    segments: 3,
  },
  'back to back': {
    shape: (i) => (i === 0 ? [0, 1000 * N, -1] : [1000 * (i - 1), 1000 * i, 0]),
    segments: N,
  },
  'all at the same time': {
    shape: (i) => (i === 0 ? [0, 1000, -1] : [0, 1000, 0]),
    segments: 1,
  },
};

function columnsOf(shape: Shape): PathColumns {
  const columns = new PathColumns();
  columns.reset(N);
  for (let i = 0; i < N; i++) {
    const [startNs, endNs, parent] = shape(i);
    columns.startNs[i] = startNs;
    columns.endNs[i] = endNs;
    columns.host[i] = HOST_UNKNOWN;
    columns.blocking[i] = -1;
    columns.operation[i] = i % 5;
    columns.idLo[i] = i + 1;
    columns.parentLo[i] = parent + 1;
  }
  return columns;
}

describe('P2: 100,000 spans', () => {
  for (const [name, { shape, segments }] of Object.entries(SHAPES)) {
    it(name, () => {
      const ws = createPathWorkspace();
      const columns = columnsOf(shape);
      linkParents(columns, ws, () => 0);
      const path = criticalPath(columns, ws);
      expect(path.segments.count).toBe(segments);
      expect(path.warnings).toEqual([]);
      const measures = slackAndDrag(columns, path);
      const rows = timeByOperation(columns, path, measures);
      expect(rows.reduce((sum, row) => sum + row.exclusiveNs, 0)).toBe(path.durationNs);
      expect(rows.reduce((sum, row) => sum + row.spans, 0)).toBe(N);
      expect(whatIf(columns, path, () => 1).savedNs).toBe(0);
      expect(whatIf(columns, path, () => 0).durationNs).toBeLessThanOrEqual(N);
    });
  }

  it('on a cycle of all spans answers with nothing', () => {
    const columns = columnsOf((i) => [0, 1, (i + 1) % N]);
    linkParents(columns, createPathWorkspace(), () => 0);
    const path = criticalPath(columns);
    expect(path.segments.count).toBe(0);
    expect(path.warnings).toEqual([
      { code: 'root-missing', count: 1 },
      { code: 'cycle', count: N },
    ]);
  });
});
