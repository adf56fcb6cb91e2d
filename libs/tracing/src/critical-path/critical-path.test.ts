import { describe, expect, it } from 'vitest';
import { analyseTrace } from './analyse.ts';
import { criticalPath } from './critical-path.ts';
import { COLUMN_NS, drawing, drawPath } from './drawing.fixture.ts';
import { slackAndDrag } from './slack.ts';
import { type PathSpan, pathInputOf } from './spans.ts';
import { createPathWorkspace } from './workspace.ts';

/** Checks the drawing's answer, and gives the analysis back for more. */
function check(text: string, originNs = 0n) {
  const { spans, path, sure } = drawing(text, originNs);
  const analysis = analyseTrace(spans);
  const drawn = drawPath(analysis, originNs);
  expect(drawn.path).toBe(path);
  if (sure !== '') expect(drawn.sure).toBe(sure);
  return {
    spans,
    analysis,
    warnings: Object.fromEntries(analysis.warnings.map(({ code, count }) => [code, count])),
    of: (id: string) => analysis.spans[spans.findIndex((span) => span.spanId === id)]!,
  };
}

describe('P3: the walk back', () => {
  it('gives gaps to the parent and goes on inside the child that ended last', () => {
    check(`
      r      : [===================]
        a    :   [=====]
        b    :            [=====]
          c  :               [==]
      = path : rraaaaaarrrbbbcccrrr
      = sure : ....................
    `);
  });

  it('counts touching siblings as one after the other', () => {
    const { analysis } = check(`
      r      : [=========]
        a    : [==]
        b    :    [==]
        c    :       [===]
      = path : aaabbbcccc
      = sure : ..........
    `);
    expect(analysis.segments).toHaveLength(3);
  });

  it('takes the one that ended last among concurrent children', () => {
    check(`
      r      : [==============]
        a    :   [=======]
        b    :      [=======]
      = path : rrrrrbbbbbbbbrr
      = sure : ?????????????..
    `);
  });

  it('makes progress past children without length', () => {
    check(`
      r      : [=======]
        a    :   |
        b    :   |
        c    :   [==]
        d    : |
      = path : rrcccrrr
      = sure : ........
    `);
  });

  it('has nothing to tell about a root without length', () => {
    const { analysis } = check(`
      r      : |
        a    : |
      = path :
    `);
    expect(analysis).toMatchObject({ rootSpanId: 'r', durationNs: 0, segments: [] });
  });
});

describe('P4: clipping and tolerance', () => {
  it('cuts a child that starts before its parent', () => {
    check(`
      r      :    [=======]
        a    : [=====]
      = path :    aaarrrrr
      = sure :    ........
    `);
  });

  it('drops children wholly outside, also those that only touch', () => {
    check(`
      r      :    [=======]
        a    : [==]
        b    : [=]
      = path :    rrrrrrrr
      = sure :    ........
    `);
  });

  it('cuts a child that ends later within the tolerance', () => {
    const { of } = check(`
      r            : [===================]
        a end+200  :     [===============]
      = path       : rrrraaaaaaaaaaaaaaaa
      = sure       : ....................
    `);
    expect(of('a').exclusiveNs).toBe(16 * COLUMN_NS);
  });

  it('counts an overlap within the tolerance once, for the later sibling, as a guess', () => {
    const { of } = check(`
      r            : [===================]
        a end+200  :   [======]
        b          :          [======]
      = path       : rraaaaaaabbbbbbbrrrr
      = sure       : ..!!!!!!!...........
    `);
    expect(of('a').exclusiveNs).toBe(7 * COLUMN_NS);
    expect(of('b').exclusiveNs).toBe(7 * COLUMN_NS);
  });

  it('takes more than the tolerance as concurrent', () => {
    check(`
      r            : [===================]
        a end+201  :   [======]
        b          :          [======]
      = path       : rrrrrrrrrbbbbbbbrrrr
      = sure       : ????????????????....
    `);
  });
});

describe('P5: ties', () => {
  it('takes the earliest start among equal ends, and says that it is a guess', () => {
    check(`
      r      : [=======]
        a    :    [===]
        b    :  [=====]
      = path : rbbbbbbr
      = sure : .!!!!!!.
    `);
  });

  it('takes the smaller id among equals', () => {
    check(`
      r      : [=======]
        d    :  [====]
        c    :  [====]
      = path : rcccccrr
      = sure : .!!!!!..
    `);
  });
});

describe('P6: children nobody waited for', () => {
  it('leaves out a child that outlives its parent beyond the tolerance, with all below', () => {
    const { of } = check(`
      r      : [=======]
        a    :    [=========]
          b  :     [==]
      = path : rrrrrrrr
      = sure : ........
    `);
    expect(of('b')).toMatchObject({ exclusiveNs: 0, slackNs: null, dragNs: null });
  });

  it('leaves it out even if it also starts before, but is not sure then', () => {
    check(`
      r      :   [=====]
        a    : [=========]
        b    :    [=]
      = path :   rbbrrr
      = sure :   !..!!!
    `);
  });

  it('leaves out a consumer below its producer', () => {
    check(`
      r              : [=========]
        a producer   :   [====]
          b consumer :    [==]
      = path         : rraaaaarrr
      = sure         : ..........
    `);
  });

  it('keeps a server that outlives its client: that is clock skew', () => {
    const { warnings } = check(`
      r               : [=========]
        a client @h1  :   [====]
          b server @h1:    [======]
      = path          : rrabbbbrrr
      = sure          : ...!!!!...
    `);
    expect(warnings).toEqual({ 'skew-clipped': 1 });
  });

  it('believes the attribute before every other rule', () => {
    check(`
      r                    : [=========]
        p producer         : [==]
          c consumer waits :  [=]
        a waits            :      [========]
        b async            :    [=]
      = path               : pccrraaaaa
      = sure               : ..........
    `);
  });
});

describe('P8: bad traces', () => {
  const odd = (rest: Partial<PathSpan>): PathSpan => ({
    spanId: 'x',
    startNs: 0n,
    endNs: 10n,
    kind: 'Internal',
    service: 's',
    operation: 'o',
    ...rest,
  });

  it('answers with nothing for no spans, and for nothing but a cycle', () => {
    expect(analyseTrace([])).toMatchObject({ rootSpanId: null, segments: [], durationNs: 0 });
    const cycle = [
      odd({ spanId: 'a', parentSpanId: 'b' }),
      odd({ spanId: 'b', parentSpanId: 'a' }),
      odd({ spanId: 'c', parentSpanId: 'c' }),
    ];
    const { rootSpanId, segments, warnings } = analyseTrace(cycle);
    expect({ rootSpanId, segments }).toEqual({ rootSpanId: null, segments: [] });
    expect(warnings).toEqual([
      { code: 'root-missing', count: 1 },
      { code: 'cycle', count: 3 },
    ]);
  });

  it('takes the best orphan as root when there is none, and calls everything ambiguous', () => {
    const { warnings, analysis } = check(`
      o orphan : [=====]
        a      :   [=]
      p orphan :   [======]
      = path   : ooaaoo
      = sure   : !!!!!!
    `);
    expect(warnings).toEqual({ 'root-missing': 1, orphans: 1 });
    expect(analysis.orphanSpans).toBe(1);
  });

  it('takes the earliest, then the longest of several roots and counts what it leaves out', () => {
    const { warnings } = check(`
      s        : [===]
      r        : [=====]
        a      :   [=]
      t        :  [=========]
        b      :   [=]
      x orphan :   [=]
      = path   : rraarr
    `);
    expect(warnings).toEqual({ 'several-roots': 3, orphans: 1 });
  });

  it('keeps of spans with one id the one that ends last', () => {
    const { warnings } = check(`
      r         : [=======]
        a id=a  :  [==]
        a id=a  :   [===]
        a id=a  :   [==]
      = path    : rraaaarr
    `);
    expect(warnings).toEqual({ 'duplicate-id': 2 });
  });

  it('takes a span that ends before it starts as without length', () => {
    const spans = [
      odd({ spanId: 'r' }),
      odd({ spanId: 'a', parentSpanId: 'r', startNs: 5n, endNs: 2n }),
    ];
    const { segments, warnings } = analyseTrace(spans);
    expect(segments).toEqual([{ spanId: 'r', startNs: 0, endNs: 10, confidence: 'certain' }]);
    expect(warnings).toEqual([{ code: 'negative-duration', count: 1 }]);
  });

  it('clamps times far from the root', () => {
    const spans = [
      odd({ spanId: 'r', startNs: 1_800_000_000_000_000_000n, endNs: 1_800_000_000_000_000_010n }),
      odd({ spanId: 'a', parentSpanId: 'r', startNs: 0n, endNs: 5n }),
    ];
    const { segments, warnings } = analyseTrace(spans);
    expect(segments).toHaveLength(1);
    expect(warnings).toEqual([{ code: 'bad-time', count: 1 }]);
  });
});

describe('P9: clock skew', () => {
  it('centres a server in its client on another host, with what is below it', () => {
    const { of, warnings, spans } = check(`
      r                  : [===============]
        c client @h1     :   [==========]
          s server @h2   :         [======]
            d            :           [==]
      = path             : rrccssdddssccrrr
      = sure             : ....!!!!!!!.....
    `);
    expect(of('s').shiftNs).toBe(-4 * COLUMN_NS);
    expect(of('d').shiftNs).toBe(-4 * COLUMN_NS);
    expect(spans[2]!.startNs).toBe(BigInt(8 * COLUMN_NS));
    expect(warnings).toEqual({ 'skew-adjusted': 1 });
  });

  it('rounds half of an odd difference down', () => {
    const { of } = check(`
      c client @h1 end+1  : [=========]
        s server @h2      :       [====]
      = path              : ccsssssccc
    `);
    expect(of('s').shiftNs).toBe(-4 * COLUMN_NS + 500);
  });

  it('cuts a server that is longer than its client instead', () => {
    const { of, warnings } = check(`
      r                : [=========]
        c client @h1   :   [====]
          s server @h2 :  [========]
      = path           : rrsssssrrr
      = sure           : ..!!!!!...
    `);
    expect(of('s').shiftNs).toBe(0);
    expect(warnings).toEqual({ 'skew-clipped': 1 });
  });

  it('leaves a server on the same host where it is', () => {
    const { of, warnings } = check(`
      r                : [=========]
        c client @h1   :   [====]
          s server @h1 :  [==]
      = path           : rrsscccrrr
    `);
    expect(of('s').shiftNs).toBe(0);
    expect(warnings).toEqual({});
  });

  it('takes another service for another host when a host is not known', () => {
    const { warnings } = check(`
      c client               : [=========]
        s server service=pay :         [==]
      = path                 : cccssscccc
    `);
    expect(warnings).toEqual({ 'skew-adjusted': 1 });
  });

  it('judges a server further down anew, after its client has moved', () => {
    const { of, warnings } = check(`
      c client @h1         : [===============]
        s server @h2       :         [=============]
          d client @h2     :            [=====]
            e server @h3   :    [===]
      = path               : csssdeeeedsssssc
    `);
    expect(of('s').shiftNs).toBe(-7 * COLUMN_NS);
    expect(of('e').shiftNs).toBe(2 * COLUMN_NS);
    expect(warnings).toEqual({ 'skew-adjusted': 2 });
  });
});

describe('exactness', () => {
  it('does not lose nanoseconds of times since 1970', () => {
    const startNs = 1_793_000_000_123_456_789n;
    const span = (spanId: string, from: bigint, to: bigint, parentSpanId?: string): PathSpan => ({
      spanId,
      parentSpanId,
      startNs: startNs + from,
      endNs: startNs + to,
      kind: 'Internal',
      service: 's',
      operation: spanId,
    });
    const spans = [span('r', 0n, 1001n), span('a', 1n, 7n, 'r'), span('b', 7n, 500n, 'r')];
    const { segments, baseNs } = analyseTrace(spans);
    expect(baseNs).toBe(startNs);
    expect(segments.map((s) => [s.spanId, s.startNs, s.endNs])).toEqual([
      ['r', 0, 1],
      ['a', 1, 7],
      ['b', 7, 500],
      ['r', 500, 1001],
    ]);
  });

  it('refuses to measure a path whose workspace has moved on', () => {
    const ws = createPathWorkspace();
    const { input } = pathInputOf([], ws);
    const path = criticalPath(input, ws);
    criticalPath(input, ws);
    expect(() => slackAndDrag(input, path)).toThrow(/overwritten/);
  });
});
