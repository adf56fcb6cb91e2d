import { describe, expect, it } from 'vitest';
import { chart, strip, table } from './plot.ts';

describe('a chart', () => {
  it('is a drawing', () => {
    expect(
      chart({
        title: 'requests/s',
        series: [{ values: [0, 10, 20, 30, 40, 40, null, 5] }],
        stepS: 60,
        width: 8,
        height: 4,
      }),
    ).toEqual([
      '        requests/s',
      '     40 │    ██',
      '        │   ███',
      '        │  ████',
      '      0 │ █████ ▄',
      '        └┴──────┴',
      '         0:008:00',
    ]);
  });

  it('fills in eighths, and shows what is above nothing', () => {
    const of = (value: number) =>
      chart({ title: '', series: [{ values: [value, 16] }], stepS: 1, width: 2, height: 2 })
        .slice(1, 3)
        .map((line) => line.slice(9, 10));
    expect(of(0)).toEqual([' ', ' ']);
    expect(of(0.01)).toEqual([' ', '▁']);
    expect(of(1)).toEqual([' ', '▁']);
    expect(of(5)).toEqual([' ', '▅']);
    expect(of(8)).toEqual([' ', '█']);
    expect(of(9)).toEqual(['▁', '█']);
    expect(of(-3)).toEqual([' ', ' ']);
  });

  it('draws a later series over an earlier one, and a level behind both', () => {
    const lines = chart({
      title: 'replicas',
      series: [{ values: [4, 4, 1], fill: '░' }, { values: [2, 4, 1] }],
      stepS: 1,
      width: 3,
      height: 4,
      level: 3,
    });
    expect(lines.slice(1, 5).map((line) => line.slice(9))).toEqual(['░█─', '░█', '██', '███']);
  });

  it('folds many values into its columns, the most or the mean of them', () => {
    const rows = (of: 'most' | 'mean') =>
      chart({
        title: '',
        series: [{ values: [0, 8, 0, 0, null, 8], of }],
        stepS: 1,
        width: 3,
        height: 1,
        top: 8,
      })[1]?.slice(9);
    expect(rows('most')).toBe('█ █');
    expect(rows('mean')).toBe('▄ █');
  });

  it('marks time from the beginning to the end, in hours when there are any', () => {
    const axis = (seconds: number) =>
      chart({ title: '', series: [{ values: [1] }], stepS: seconds, width: 60, height: 1 }).at(-1);
    expect(axis(600)?.trim().split(/ +/)).toEqual(['0:00', '2:30', '5:00', '7:30', '10:00']);
    expect(axis(7_200)?.trim().split(/ +/)).toEqual([
      '0:00',
      '30:00',
      '1:00:00',
      '1:30:00',
      '2:00:00',
    ]);
  });

  it('has a scale when there is nothing to show', () => {
    const empty = { title: '', series: [{ values: [0, null] }], stepS: 1, width: 2, height: 2 };
    expect(chart(empty).slice(1, 3)).toEqual(['      1 │', '      0 │']);
  });
});

it('a strip marks each column in which something holds', () => {
  expect(strip('bad', [false, false, true, false, false, false], 3)).toBe('    bad │·▮·');
  expect(strip('a longer word', [true], 1)).toBe('a longe │▮');
});

it('a table has its first column to the left and figures to the right', () => {
  expect(
    table(
      ['policy', 'violating'],
      [
        ['own', '4 s'],
        ['hpa 70 %', '120 s'],
      ],
    ),
  ).toEqual([
    'policy    violating',
    '────────  ─────────',
    'own             4 s',
    'hpa 70 %      120 s',
  ]);
  expect(table(['a'], [[]])).toEqual(['a', '─', '']);
});
