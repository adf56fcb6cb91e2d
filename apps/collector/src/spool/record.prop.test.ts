import fc from 'fast-check';
import { expect, test } from 'vitest';
import { readRecords, recordHeader } from './record.ts';

const record = fc.record({
  rows: fc.integer({ min: 1, max: 1000 }),
  payload: fc.uint8Array({ minLength: 1, maxLength: 200 }),
});

function written(records: { rows: number; payload: Uint8Array }[]): Buffer {
  return Buffer.concat(records.flatMap((r) => [recordHeader(r.rows, r.payload), r.payload]));
}

const plain = (records: readonly { rows: number; payload: Uint8Array }[]) =>
  records.map((r) => ({ rows: r.rows, payload: Buffer.from(r.payload).toString('hex') }));

test('what was written is read back', () => {
  fc.assert(
    fc.property(fc.array(record), (records) => {
      const content = readRecords(written(records));
      expect(plain(content.records)).toEqual(plain(records));
      expect(content.lostBytes).toBe(0);
      expect(content.rows).toBe(records.reduce((sum, r) => sum + r.rows, 0));
    }),
  );
});

test('a file cut anywhere keeps every record that lies before the cut', () => {
  fc.assert(
    fc.property(fc.array(record, { minLength: 1 }), fc.nat(), (records, seed) => {
      const bytes = written(records);
      const cut = seed % bytes.length;
      let whole = 0;
      let end = 0;
      for (const r of records) {
        end += 16 + r.payload.length;
        if (end <= cut) whole += 1;
      }
      const content = readRecords(bytes.subarray(0, cut));
      expect(plain(content.records)).toEqual(plain(records.slice(0, whole)));
    }),
  );
});

test('a flipped bit costs one record at most, and never yields a false one', () => {
  fc.assert(
    fc.property(fc.array(record, { minLength: 2, maxLength: 6 }), fc.nat(), (records, seed) => {
      const bytes = written(records);
      const at = seed % bytes.length;
      bytes[at] = (bytes[at] ?? 0) ^ (1 << (seed % 8));
      const content = readRecords(bytes);
      const known = new Set(plain(records).map((r) => JSON.stringify(r)));
      for (const r of plain(content.records)) expect(known.has(JSON.stringify(r))).toBe(true);
      expect(content.records.length).toBeGreaterThanOrEqual(records.length - 1);
      expect(content.lostBytes).toBeGreaterThan(0);
    }),
  );
});

test('bytes that are no spool at all are counted as lost', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 500 }), (bytes) => {
      const content = readRecords(Buffer.from(bytes));
      expect(content.records).toEqual([]);
      expect(content.lostBytes).toBe(bytes.length);
    }),
  );
});
