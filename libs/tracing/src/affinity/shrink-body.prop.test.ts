import fc from 'fast-check';
import { expect, test } from 'vitest';
import { decodeSpan } from '../otlp/decode-span.ts';
import { Interner } from '../otlp/interner.ts';
import { requestModel, toProtobuf } from '../otlp/model.fixture.ts';
import { scan } from '../otlp/scan.ts';
import type { SpanTable } from '../otlp/span-table.ts';
import { reframe } from './reframe.ts';
import { shrinkBody } from './shrink-body.ts';
import { takeOut } from './take-out.ts';

const strings = new Interner();

function rowsOf(table: SpanTable): object[] {
  return Array.from({ length: table.count }, (_, span) => decodeSpan(table, span, strings));
}

test('spans that stay are what they were, in a body no larger than they need', () => {
  fc.assert(
    fc.property(requestModel, fc.array(fc.boolean(), { minLength: 20 }), (model, goes) => {
      const result = scan(toProtobuf('TraceRequest', model), strings);
      if (!result.ok) throw new Error(result.fault.message);
      const { table } = result;
      takeOut(
        table,
        goes.map((one) => (one ? 1 : 0)),
      );
      const before = rowsOf(table);
      const body = table.bodies[0] as Uint8Array;
      shrinkBody(table);
      expect(rowsOf(table)).toEqual(before);
      const positions = Array.from({ length: table.count }, (_, span) => span);
      const framed = reframe(table, positions).length;
      const kept = table.bodies[0] as Uint8Array;
      expect(kept === body || kept.length <= framed).toBe(true);
      if (framed < body.length / 2) expect(kept.length).toBeLessThan(body.length);
    }),
    { numRuns: 200 },
  );
});
