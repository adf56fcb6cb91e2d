import {
  END_HI,
  END_LO,
  HOST,
  LENGTH,
  META,
  NAME,
  OFFSET,
  PARENT_B,
  SERVICE,
  SPAN_B,
  SpanTable,
  START_HI,
  START_LO,
  TRACE_D,
} from '../otlp/span-table.ts';

/** Near the end of a second, so that times carry from the lower word into the upper. */
const EPOCH_NS = 1_793_000_000_999_999_999n;

/** A span of a table in tests; times count from some moment in 2026. */
export interface Row {
  id: number;
  /** 0: none. */
  parent: number;
  startNs: bigint;
  endNs: bigint;
  host?: number;
  offset?: number;
  /** Bits of META beside the kind, which is client. */
  flags?: number;
  service?: number;
  name?: number;
  trace?: number;
}

export function tableOf(rows: readonly Row[], table = new SpanTable(1)): SpanTable {
  table.bodies.push(new Uint8Array([1, 2, 3, 4, 3, 1]));
  for (const row of rows) {
    const base = table.push();
    const set = (field: number, value: number) => {
      table.rows[base + field] = value;
    };
    const start = EPOCH_NS + row.startNs;
    const end = EPOCH_NS + row.endNs;
    set(TRACE_D, row.trace ?? 1);
    set(SPAN_B, row.id);
    set(PARENT_B, row.parent);
    set(START_HI, Number(start >> 32n));
    set(START_LO, Number(start & 0xffff_ffffn));
    set(END_HI, Number(end >> 32n));
    set(END_LO, Number(end & 0xffff_ffffn));
    set(META, 3 | (row.flags ?? 0));
    set(NAME, row.name ?? 40 + row.id);
    set(SERVICE, row.service ?? 7);
    set(HOST, row.host ?? 0);
    set(OFFSET, row.offset ?? 0);
    set(LENGTH, 2);
  }
  return table;
}
