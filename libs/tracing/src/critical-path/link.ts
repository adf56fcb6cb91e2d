import type { PathColumns } from './columns.ts';
import { DUPLICATE, NO_PARENT, PARENT_MISSING } from './types.ts';
import type { PathWorkspace } from './workspace.ts';

/** Orders two spans with one id whose times are equal: by their bytes. */
export type CompareBytes = (a: number, b: number) => number;

/**
 * Fills `columns.parent` from the ids. Of spans with one id the latest end, then the earliest
 * start, then the smallest bytes is kept, never the first or last seen; the others become
 * `DUPLICATE`. O(n) expected.
 */
export function linkParents(
  columns: PathColumns,
  ws: PathWorkspace,
  compareBytes: CompareBytes,
): void {
  ws.reserve(columns.n);
  let size = 2;
  while (size < 2 * columns.n) size *= 2;
  const mask = size - 1;
  const table = ws.table;
  table.fill(-1, 0, size);
  for (let i = 0; i < columns.n; i++) {
    columns.parent[i] = NO_PARENT;
    const slot = findSlot(columns, table, mask, columns.idHi[i]!, columns.idLo[i]!);
    const other = table[slot]!;
    if (other === -1) {
      table[slot] = i;
    } else if (compareTwins(columns, i, other, compareBytes) < 0) {
      columns.parent[other] = DUPLICATE;
      table[slot] = i;
    } else {
      columns.parent[i] = DUPLICATE;
    }
  }
  for (let i = 0; i < columns.n; i++) {
    const high = columns.parentHi[i]!;
    const low = columns.parentLo[i]!;
    if (columns.parent[i] === DUPLICATE || (high === 0 && low === 0)) continue;
    const found = table[findSlot(columns, table, mask, high, low)]!;
    columns.parent[i] = found === -1 ? PARENT_MISSING : found;
  }
}

/** Where the id is in the table, or the free slot where it would be. */
function findSlot(
  columns: PathColumns,
  table: Int32Array,
  mask: number,
  high: number,
  low: number,
): number {
  let hash = Math.imul(low ^ (low >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13) ^ high, 0xc2b2ae35);
  hash ^= hash >>> 16;
  let slot = hash & mask;
  while (table[slot] !== -1) {
    const i = table[slot]!;
    if (columns.idLo[i] === low && columns.idHi[i] === high) break;
    slot = (slot + 1) & mask;
  }
  return slot;
}

function compareTwins(c: PathColumns, a: number, b: number, compareBytes: CompareBytes): number {
  // A span that ends before it starts counts as ending at its start.
  const endA = Math.max(c.startNs[a]!, c.endNs[a]!);
  const endB = Math.max(c.startNs[b]!, c.endNs[b]!);
  return endB - endA || c.startNs[a]! - c.startNs[b]! || compareBytes(a, b);
}
