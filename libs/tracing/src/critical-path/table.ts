import {
  BODY,
  END_HI,
  END_LO,
  HOST,
  LENGTH,
  META,
  META_BLOCKING,
  META_BLOCKING_SET,
  META_KIND_MASK,
  META_STATUS_MASK,
  META_STATUS_SHIFT,
  NAME,
  OFFSET,
  PARENT_A,
  PARENT_B,
  SERVICE,
  SPAN_A,
  SPAN_B,
  type SpanTable,
  START_HI,
  START_LO,
  STATUS_ERROR,
  WORDS,
} from '../otlp/span-table.ts';
import type { PathColumns } from './columns.ts';
import { linkParents } from './link.ts';
import { HOST_UNKNOWN } from './types.ts';
import type { PathWorkspace } from './workspace.ts';

const HIGH = 2 ** 32;
/** Ids of the interner that name no single host: '' and `__overflow__`. */
const FIRST_HOST = 2;

/**
 * Fills `columns` with the spans of one trace; row `i` of the table is span `i`. Offsets count
 * from the start of row `root` (or of row 0 when it is -1).
 *
 * @param parents the parent row of each span, when somebody has linked them already and no id
 *   occurs twice
 */
export function columnsOfTable(
  table: SpanTable,
  root: number,
  columns: PathColumns,
  ws: PathWorkspace,
  parents?: Int32Array,
): void {
  const { rows, count } = table;
  columns.reset(count);
  if (count === 0) return;
  const origin = Math.max(0, root) * WORDS;
  const baseHi = rows[origin + START_HI]! >>> 0;
  const baseLo = rows[origin + START_LO]! >>> 0;
  for (let i = 0; i < count; i++) {
    const row = i * WORDS;
    columns.startNs[i] =
      ((rows[row + START_HI]! >>> 0) - baseHi) * HIGH + ((rows[row + START_LO]! >>> 0) - baseLo);
    columns.endNs[i] =
      ((rows[row + END_HI]! >>> 0) - baseHi) * HIGH + ((rows[row + END_LO]! >>> 0) - baseLo);
    const meta = rows[row + META]!;
    columns.kind[i] = meta & META_KIND_MASK;
    columns.blocking[i] = meta & META_BLOCKING_SET ? Number((meta & META_BLOCKING) !== 0) : -1;
    columns.failed[i] = ((meta >>> META_STATUS_SHIFT) & META_STATUS_MASK) === STATUS_ERROR ? 1 : 0;
    columns.service[i] = rows[row + SERVICE]!;
    columns.operation[i] = rows[row + NAME]!;
    const host = rows[row + HOST]!;
    columns.host[i] = host < FIRST_HOST ? HOST_UNKNOWN : host;
    columns.idHi[i] = rows[row + SPAN_A]!;
    columns.idLo[i] = rows[row + SPAN_B]!;
    columns.parentHi[i] = rows[row + PARENT_A]!;
    columns.parentLo[i] = rows[row + PARENT_B]!;
  }
  if (parents === undefined) linkParents(columns, ws, (a, b) => compareBodies(table, a, b));
  else for (let i = 0; i < count; i++) columns.parent[i] = parents[i]!;
}

function compareBodies(table: SpanTable, a: number, b: number): number {
  const bytesA = spanBytes(table, a);
  const bytesB = spanBytes(table, b);
  const length = Math.min(bytesA.length, bytesB.length);
  for (let i = 0; i < length; i++) {
    if (bytesA[i] !== bytesB[i]) return bytesA[i]! - bytesB[i]!;
  }
  return bytesA.length - bytesB.length;
}

function spanBytes(table: SpanTable, span: number): Uint8Array {
  const body = table.bodies[table.word(span, BODY)];
  const offset = table.word(span, OFFSET);
  return body?.subarray(offset, offset + table.word(span, LENGTH)) ?? new Uint8Array(0);
}
