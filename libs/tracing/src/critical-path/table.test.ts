import { describe, expect, it } from 'vitest';
import { META_BLOCKING, META_BLOCKING_SET } from '../otlp/span-table.ts';
import { PathColumns } from './columns.ts';
import { criticalPath } from './critical-path.ts';
import { type Row, tableOf } from './table.fixture.ts';
import { columnsOfTable } from './table.ts';
import { DUPLICATE, HOST_UNKNOWN, PARENT_MISSING } from './types.ts';
import { createPathWorkspace } from './workspace.ts';

function read(rows: readonly Row[], root: number) {
  const ws = createPathWorkspace();
  const columns = new PathColumns();
  columnsOfTable(tableOf(rows), root, columns, ws);
  return { columns, path: criticalPath(columns, ws) };
}

describe('columns of a span table', () => {
  it('counts exact nanoseconds from the root, before and after it, across a carry', () => {
    const rows = [
      { id: 5, parent: 9, startNs: -3n, endNs: 4_294_967_299n, host: 1 },
      { id: 9, parent: 0, startNs: 0n, endNs: 4_294_967_301n, host: 12 },
      { id: 2, parent: 9, startNs: 0n, endNs: 9n, flags: META_BLOCKING_SET },
      { id: 3, parent: 9, startNs: 0n, endNs: 9n, flags: META_BLOCKING_SET | META_BLOCKING },
    ];
    const { columns, path } = read(rows, 1);
    expect([...columns.startNs.subarray(0, 2)]).toEqual([-3, 0]);
    expect([...columns.endNs.subarray(0, 2)]).toEqual([4_294_967_299, 4_294_967_301]);
    expect([...columns.parent.subarray(0, 2)]).toEqual([1, -1]);
    expect([...columns.host.subarray(0, 2)]).toEqual([HOST_UNKNOWN, 12]);
    expect([...columns.blocking.subarray(0, 4)]).toEqual([-1, -1, 0, 1]);
    expect([...columns.kind.subarray(0, 2)]).toEqual([3, 3]);
    expect([...columns.operation.subarray(0, 2)]).toEqual([45, 49]);
    expect(path.durationNs).toBe(4_294_967_301);
    expect([...path.exclusiveNs.subarray(0, 2)]).toEqual([4_294_967_299, 2]);
  });

  it('keeps of equal times the smallest bytes, in whatever order they come', () => {
    const twin = { id: 5, parent: 9, startNs: 0n, endNs: 1n };
    const root = { id: 9, parent: 0, startNs: 0n, endNs: 5n };
    const [large, small] = [
      { ...twin, offset: 2 },
      { ...twin, offset: 0 },
    ];
    expect([...read([root, large, small], 0).columns.parent.subarray(0, 3)]).toEqual([
      -1,
      DUPLICATE,
      0,
    ]);
    expect([...read([small, root, large], 1).columns.parent.subarray(0, 3)]).toEqual([
      1,
      -1,
      DUPLICATE,
    ]);
  });

  it('tells a parent that is not there', () => {
    const { columns, path } = read([{ id: 5, parent: 8, startNs: 0n, endNs: 1n }], -1);
    expect(columns.parent[0]).toBe(PARENT_MISSING);
    expect(path.warnings).toEqual([{ code: 'root-missing', count: 1 }]);
  });

  it('reads an empty table', () => {
    expect(read([], -1).path).toMatchObject({ rootIndex: -1, durationNs: 0 });
  });
});
