import { describe, expect, it } from 'vitest';
import { analyseTrace, whatIfTrace } from './analyse.ts';
import { criticalPath } from './critical-path.ts';
import { COLUMN_NS, drawing } from './drawing.fixture.ts';
import { timeByOperation } from './operations.ts';
import { slackAndDrag } from './slack.ts';
import { pathInputOf } from './spans.ts';
import { whatIf } from './what-if.ts';
import { createPathWorkspace } from './workspace.ts';

const columns = (ns: number | null) => (ns === null ? null : ns / COLUMN_NS);

/** Per span: own time on the path, slack and drag, in columns. */
function figures(text: string) {
  const { spans } = drawing(text);
  const found = analyseTrace(spans).spans.map(({ exclusiveNs, slackNs, dragNs }, i) => [
    spans[i]!.spanId,
    [columns(exclusiveNs), columns(slackNs), columns(dragNs)],
  ]);
  return Object.fromEntries(found);
}

const PARALLEL = `
  r      : [==================]
    a    :  [=========]
    b    :  [====]
    c    :             [===]
`;

describe('slack and drag', () => {
  it('a span beside a longer one may end as late as that; the longer wins only down to it', () => {
    expect(figures(PARALLEL)).toEqual({
      r: [5, 0, 5],
      a: [10, 0, 5],
      b: [0, 5, 0],
      c: [4, 0, 4],
    });
  });

  it('what follows moves up with the last of what it waited for', () => {
    expect(
      figures(`
        r      : [============]
          a    : [======]
          b    : [====]
          c    :        [====]
      `),
    ).toEqual({ r: [1, 0, 1], a: [7, 0, 2], b: [0, 2, 0], c: [5, 0, 5] });
  });

  it('the bottleneck may sit beside an ancestor', () => {
    expect(
      figures(`
        r        : [==========]
          a      : [==========]
            x    :  [========]
          b      : [=======]
      `),
    ).toEqual({ r: [0, 0, 0], a: [2, 0, 2], x: [9, 0, 3], b: [0, 3, 0] });
  });

  it('slack adds up over the levels', () => {
    expect(
      figures(`
        r        : [==========]
          a      : [==========]
          b      : [=======]
            y    :  [==]
            z    :  [====]
      `),
    ).toMatchObject({ y: [0, 5, 0], z: [0, 3, 0] });
  });

  it('of equals none can win anything alone', () => {
    expect(
      figures(`
        r      : [=====]
          a    : [=====]
          b    : [=====]
      `),
    ).toEqual({ r: [0, 0, 0], a: [6, 0, 0], b: [0, 0, 0] });
  });

  it('is unknown for spans that nothing waited for', () => {
    expect(
      figures(`
        r         : [=====]
          a async : [=====]
      `),
    ).toEqual({ r: [6, 0, 6], a: [0, null, null] });
  });
});

describe('what-if', () => {
  const { spans } = drawing(PARALLEL);
  const scaled = (operation: string, factor: number) => {
    const { savedNs } = whatIfTrace(spans, (s) => (s.operation === operation ? factor : 1));
    return savedNs / COLUMN_NS;
  };

  it('wins in proportion until the span beside it becomes the bottleneck', () => {
    expect(scaled('a', 0.8)).toBe(2);
    expect(scaled('a', 0.5)).toBe(5);
    expect(scaled('a', 0)).toBe(5);
  });

  it('wins nothing off the path, and loses only beyond the slack', () => {
    expect(scaled('b', 0)).toBe(0);
    expect(scaled('b', 2)).toBe(0);
    expect(scaled('b', 3)).toBe(-5);
  });

  it('moves children up with what their parent spends before them', () => {
    expect(scaled('r', 0)).toBe(5);
  });

  it('refuses a factor that makes no sense', () => {
    const ws = createPathWorkspace();
    const { input } = pathInputOf(spans, ws);
    const path = criticalPath(input, ws);
    expect(() => whatIf(input, path, () => -1)).toThrow(/span .* is -1/);
    expect(() => whatIf(input, path, () => Number.NaN)).toThrow(RangeError);
  });
});

describe('time by operation', () => {
  it('adds up to the root, and tells the spans off the path too', () => {
    const ws = createPathWorkspace();
    const { spans } = drawing(`
      r service=web        : [===================]
        q service=db id=1  :  [====]
        q service=db id=2  :        [==]
        q service=db id=3  :        [=]
        p service=pay      :             [===]
        l service=log async:             [===]
        o service=off      :             [=]
    `);
    const { input } = pathInputOf(spans, ws);
    const path = criticalPath(input, ws);
    input.failed[2] = 1;
    const rows = timeByOperation(input, path, slackAndDrag(input, path)).map((row) => ({
      ...row,
      operation: spans[row.exampleSpan]!.operation,
      service: spans[row.exampleSpan]!.service,
      exampleSpan: spans[row.exampleSpan]!.spanId,
    }));
    const byName = Object.fromEntries(rows.map((row) => [row.operation, row]));
    expect(rows.reduce((sum, row) => sum + row.exclusiveNs, 0)).toBe(path.durationNs);
    expect(byName.q).toEqual({
      service: 'db',
      operation: 'q',
      exclusiveNs: 8 * COLUMN_NS,
      spans: 3,
      spansOnPath: 2,
      failedSpans: 1,
      slackNs: 0,
      dragNs: 6 * COLUMN_NS,
      exampleSpan: '1',
    });
    expect(byName.o).toMatchObject({ exclusiveNs: 0, spansOnPath: 0, slackNs: 2 * COLUMN_NS });
    expect(byName).not.toHaveProperty('l');
  });
});
