import { expect, test } from 'vitest';
import { parseAttributes, parseDuration, writeAttributes, writeDuration } from './trace-form.ts';

test.each([
  ['250', 250],
  ['250ms', 250],
  ['1.5 s', 1500],
  ['2min', 120_000],
  ['500us', 0.5],
])('%s is %d ms', (text, ms) => {
  expect(parseDuration(text)).toEqual({ ok: true, value: ms });
});

test('no duration is no bound; nonsense is refused with a cure', () => {
  expect(parseDuration('  ')).toEqual({ ok: true, value: null });
  const answer = parseDuration('soon');
  expect(answer.ok ? '' : answer.message).toContain('250ms');
});

test('attributes are pairs; quotes keep spaces together', () => {
  expect(parseAttributes('http.route=/orders user.name="Ada L" q=a=b')).toEqual({
    ok: true,
    value: ['http.route=/orders', 'user.name=Ada L', 'q=a=b'],
  });
  expect(parseAttributes('').ok).toBe(true);
  expect(parseAttributes('http.route').ok).toBe(false);
});

test('what was searched for can be read back into the form', () => {
  const pairs = ['http.route=/orders', 'user.name=Ada L', 'q=a=b'];
  expect(parseAttributes(writeAttributes(pairs))).toEqual({ ok: true, value: pairs });
  for (const ms of [250, 1500, 60_000]) {
    expect(parseDuration(writeDuration(ms))).toEqual({ ok: true, value: ms });
  }
});
