import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatDuration, formatPercent, parseDuration, parsePercent, parseSize } from './units.ts';

describe('quantities as people write them', () => {
  it.each([
    ['250ms', 250],
    ['30s', 30_000],
    ['1h30m', 5_400_000],
    ['1h 30m', 5_400_000],
    ['0.5s', 500],
    ['30d', 2_592_000_000],
    ['0', 0],
  ])('reads the duration %s', (text, ms) => {
    expect(parseDuration(text)).toEqual({ ok: true, value: ms });
  });

  it.each(['30', 's', '-3s', '3 s', '3sec', '', '1e3s', 'NaN'])(
    'refuses the duration %j',
    (text) => {
      expect(parseDuration(text).ok).toBe(false);
    },
  );

  it('reads percentages to the nearest double', () => {
    expect(parsePercent('99.9%')).toEqual({ ok: true, value: 0.999 });
    expect(parsePercent('70 %')).toEqual({ ok: true, value: 0.7 });
    expect(parsePercent('0.7').ok).toBe(false);
  });

  it('reads sizes', () => {
    expect(parseSize('512MiB')).toEqual({ ok: true, value: 536_870_912 });
    expect(parseSize('2GB')).toEqual({ ok: true, value: 2_000_000_000 });
    expect(parseSize('2').ok).toBe(false);
  });

  it('writes what it reads back the same', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 10 ** 11 }), (ms) => {
        expect(parseDuration(formatDuration(ms))).toEqual({ ok: true, value: ms });
      }),
    );
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 100_000 }), (thousandths) => {
        const text = formatPercent(thousandths / 1e5);
        expect(parsePercent(text)).toEqual({ ok: true, value: Number(`${thousandths}e-5`) });
      }),
    );
  });
});
