import { describe, expect, test } from 'vitest';
import { isFrozenAt, parseFreezeWindow } from './freeze-window.ts';

function open(window: string, at: string): boolean {
  return isFrozenAt(parseFreezeWindow(window), Date.parse(at));
}

const WEEKEND = 'Fri 18:00 - Mon 06:00 Europe/Berlin';

describe('the weekend in Berlin', () => {
  test.each([
    ['2026-11-20T16:59:59.999Z', false],
    ['2026-11-20T17:00:00Z', true],
    ['2026-11-22T23:00:00Z', true],
    ['2026-11-23T04:59:59.999Z', true],
    ['2026-11-23T05:00:00Z', false],
    // in summer an hour earlier by UTC
    ['2026-07-17T15:59:59Z', false],
    ['2026-07-17T16:00:00Z', true],
  ])('%s: %s', (at, expected) => {
    expect(open(WEEKEND, at)).toBe(expected);
  });
});

/*
 * Spring, Berlin, 2026-03-29 (a Sunday):     local 01:59 -> 03:00 at 01:00Z
 *   a window from 02:30 opens at 03:00, one to 02:30 closes at 03:00
 */
describe('a local time that does not exist is the next one that does', () => {
  test.each([
    ['Sun 02:30 - Sun 05:00 Europe/Berlin', '2026-03-29T00:59:59Z', false],
    ['Sun 02:30 - Sun 05:00 Europe/Berlin', '2026-03-29T01:00:00Z', true],
    ['Sun 00:00 - Sun 02:30 Europe/Berlin', '2026-03-29T00:59:59Z', true],
    ['Sun 00:00 - Sun 02:30 Europe/Berlin', '2026-03-29T01:00:00Z', false],
  ])('%s at %s: %s', (window, at, expected) => {
    expect(open(window, at)).toBe(expected);
  });
});

/*
 * Autumn, Berlin, 2026-10-25 (a Sunday):     local 02:00 .. 03:00 comes twice
 *   UTC    00:00    00:30    01:00    01:30    02:00
 *   local  02:00    02:30   |02:00    02:30   |03:00
 *   a window from 02:30 opens at 00:30Z and stays open; one to 02:30 closes at 00:30Z for good
 */
describe('a local time that comes twice counts once, the first time', () => {
  test.each([
    ['Sun 02:30 - Sun 05:00 Europe/Berlin', '2026-10-25T00:29:59Z', false],
    ['Sun 02:30 - Sun 05:00 Europe/Berlin', '2026-10-25T00:30:00Z', true],
    ['Sun 02:30 - Sun 05:00 Europe/Berlin', '2026-10-25T01:10:00Z', true],
    ['Sun 02:30 - Sun 05:00 Europe/Berlin', '2026-10-25T01:40:00Z', true],
    ['Sun 00:00 - Sun 02:30 Europe/Berlin', '2026-10-25T00:29:59Z', true],
    ['Sun 00:00 - Sun 02:30 Europe/Berlin', '2026-10-25T00:30:00Z', false],
    ['Sun 00:00 - Sun 02:30 Europe/Berlin', '2026-10-25T01:10:00Z', false],
    // half-hour step: Lord Howe, 2026-04-05, 02:00 -> 01:30 at 15:00Z the day before
    ['Sun 01:45 - Sun 04:00 Australia/Lord_Howe', '2026-04-04T14:44:00Z', false],
    ['Sun 01:45 - Sun 04:00 Australia/Lord_Howe', '2026-04-04T14:50:00Z', true],
    ['Sun 01:45 - Sun 04:00 Australia/Lord_Howe', '2026-04-04T15:05:00Z', true],
    ['Sun 01:45 - Sun 04:00 Australia/Lord_Howe', '2026-04-04T15:20:00Z', true],
  ])('%s at %s: %s', (window, at, expected) => {
    expect(open(window, at)).toBe(expected);
  });
});

test.each([
  ['Fri 18:00', /like "Fri 18:00/],
  ['Fry 18:00 - Mon 06:00 UTC', /with days/],
  ['Fri 25:00 - Mon 06:00 UTC', /with times/],
  ['Fri 18:61 - Mon 06:00 UTC', /with times/],
  ['Fri 18:00 - Mon 06:00 Mars/Olympus', /IANA time zone/],
  ['Fri 18:00 - Fri 18:00 UTC', /ends differ/],
])('%s is refused', (text, message) => {
  expect(() => parseFreezeWindow(text)).toThrowError(message);
});

test('24:00 is the next day, also on Sunday', () => {
  expect(parseFreezeWindow('Sat 12:00 - Sun 24:00 UTC').to).toEqual({ day: 1, minute: 0 });
  expect(parseFreezeWindow('Sat 12:00 to Sat 24:00 UTC').to).toEqual({ day: 7, minute: 0 });
});
