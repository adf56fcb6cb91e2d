import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isFrozenAt } from '../../../guards/freeze-window.ts';
import { limitsAt } from './limits-at.ts';
import { type ScheduleConfig, scheduleSettings } from './schedule-config.ts';

const MINUTE_MS = 60_000;

function at(config: ScheduleConfig, instant: string) {
  const { min, max, open, leading } = limitsAt(scheduleSettings(config), Date.parse(instant));
  return { min, max, open, leading };
}

/** `open`, `lead` or nothing of a window with a least of 10. */
function phase(when: string, instant: string, leadMinutes = 0): string {
  const config = { windows: [{ when, min: 10 }], leadMs: leadMinutes * MINUTE_MS };
  const { min, open, leading } = at(config, instant);
  expect(min).toBe(open + leading > 0 ? 10 : 0);
  return open === 1 ? 'open' : leading === 1 ? 'lead' : 'closed';
}

/*
 * 2026-11-23 is a Monday, Berlin an hour ahead of UTC
 *
 *     07:45   08:00              18:00       local
 *     |  lead |       open       |
 */
describe('an ordinary day', () => {
  test.each([
    ['2026-11-23T06:44:59.999Z', 'closed'],
    ['2026-11-23T06:45:00Z', 'lead'],
    ['2026-11-23T06:59:59.999Z', 'lead'],
    ['2026-11-23T07:00:00Z', 'open'],
    ['2026-11-23T16:59:59.999Z', 'open'],
    ['2026-11-23T17:00:00Z', 'closed'],
    // in summer an hour earlier
    ['2026-07-20T05:45:00Z', 'lead'],
    ['2026-07-20T06:00:00Z', 'open'],
    ['2026-07-20T16:00:00Z', 'closed'],
    // on a Saturday not at all
    ['2026-11-28T08:00:00Z', 'closed'],
  ])('at %s: %s', (instant, expected) => {
    expect(phase('Mon-Fri 08:00 - 18:00 Europe/Berlin', instant, 15)).toBe(expected);
  });

  test('before the first window of the epoch, too', () => {
    expect(phase('Thu 00:00 - Thu 01:00 UTC', '1970-01-01T00:30:00Z')).toBe('open');
    expect(phase('Wed 23:00 - Thu 00:00 UTC', '1969-12-31T23:30:00Z')).toBe('open');
    expect(phase('Wed 23:00 - Thu 00:00 UTC', '1969-12-31T22:59:00Z', 1)).toBe('lead');
  });
});

/*
 * Spring, Berlin, Sunday 2026-03-29: 01:59 -> 03:00 local at 01:00Z
 *
 *     UTC    00:30     01:00     01:30     02:00
 *     local  01:30     03:00     03:30     04:00
 */
describe('a time that does not exist is the next one that does, and so is its lead', () => {
  const window = 'Sun 02:30 - Sun 05:00 Europe/Berlin';
  test.each([
    [window, '2026-03-29T00:44:59Z', 'closed'],
    [window, '2026-03-29T00:45:00Z', 'lead'],
    [window, '2026-03-29T00:59:59Z', 'lead'],
    [window, '2026-03-29T01:00:00Z', 'open'],
    [window, '2026-03-29T02:59:59Z', 'open'],
    [window, '2026-03-29T03:00:00Z', 'closed'],
    // it closes when its end is jumped over
    ['Sun 00:00 - Sun 02:30 Europe/Berlin', '2026-03-29T00:59:59Z', 'open'],
    ['Sun 00:00 - Sun 02:30 Europe/Berlin', '2026-03-29T01:00:00Z', 'closed'],
    // one that is jumped over altogether does not open, and has no lead
    ['Sun 02:10 - Sun 02:50 Europe/Berlin', '2026-03-29T00:59:59Z', 'closed'],
    ['Sun 02:10 - Sun 02:50 Europe/Berlin', '2026-03-29T01:00:00Z', 'closed'],
    // one after the jump opens by the new time, and so does its lead
    ['Sun 04:00 - Sun 05:00 Europe/Berlin', '2026-03-29T01:44:59Z', 'closed'],
    ['Sun 04:00 - Sun 05:00 Europe/Berlin', '2026-03-29T01:45:00Z', 'lead'],
    ['Sun 04:00 - Sun 05:00 Europe/Berlin', '2026-03-29T02:00:00Z', 'open'],
    // New York, 2026-03-08: 01:59 -> 03:00 at 07:00Z
    ['Sun 02:00 - Sun 03:00 America/New_York', '2026-03-08T06:59:00Z', 'closed'],
    ['Sun 02:30 - Sun 04:00 America/New_York', '2026-03-08T07:00:00Z', 'open'],
    ['Sun 02:30 - Sun 04:00 America/New_York', '2026-03-08T06:50:00Z', 'lead'],
    // half an hour: Lord Howe, 2026-10-04, 02:00 -> 02:30 at 15:30Z the day before
    ['Sun 02:15 - Sun 04:00 Australia/Lord_Howe', '2026-10-03T15:14:59Z', 'closed'],
    ['Sun 02:15 - Sun 04:00 Australia/Lord_Howe', '2026-10-03T15:15:00Z', 'lead'],
    ['Sun 02:15 - Sun 04:00 Australia/Lord_Howe', '2026-10-03T15:30:00Z', 'open'],
    ['Sun 02:15 - Sun 04:00 Australia/Lord_Howe', '2026-10-03T16:59:59Z', 'open'],
    ['Sun 02:15 - Sun 04:00 Australia/Lord_Howe', '2026-10-03T17:00:00Z', 'closed'],
  ])('%s at %s: %s', (when, instant, expected) => {
    expect(phase(when, instant, 15)).toBe(expected);
  });
});

/*
 * Autumn, Berlin, Sunday 2026-10-25: 02:00 to 03:00 comes twice
 *
 *     UTC    00:00    00:30    01:00    01:30    02:00
 *     local  02:00    02:30   |02:00    02:30   |03:00
 */
describe('a time that comes twice counts once, the first time, and so does its lead', () => {
  test.each([
    ['Sun 02:30 - Sun 05:00 Europe/Berlin', '2026-10-25T00:14:59Z', 'closed'],
    ['Sun 02:30 - Sun 05:00 Europe/Berlin', '2026-10-25T00:15:00Z', 'lead'],
    ['Sun 02:30 - Sun 05:00 Europe/Berlin', '2026-10-25T00:30:00Z', 'open'],
    ['Sun 02:30 - Sun 05:00 Europe/Berlin', '2026-10-25T01:10:00Z', 'open'],
    ['Sun 02:30 - Sun 05:00 Europe/Berlin', '2026-10-25T03:59:59Z', 'open'],
    ['Sun 02:30 - Sun 05:00 Europe/Berlin', '2026-10-25T04:00:00Z', 'closed'],
    ['Sun 00:00 - Sun 02:30 Europe/Berlin', '2026-10-25T00:29:59Z', 'open'],
    ['Sun 00:00 - Sun 02:30 Europe/Berlin', '2026-10-25T00:30:00Z', 'closed'],
    ['Sun 00:00 - Sun 02:30 Europe/Berlin', '2026-10-25T01:15:00Z', 'closed'],
    // at 03:00 local the second hour is over: 02:00Z, so the lead is from 01:45Z
    ['Sun 03:00 - Sun 05:00 Europe/Berlin', '2026-10-25T00:59:59Z', 'closed'],
    ['Sun 03:00 - Sun 05:00 Europe/Berlin', '2026-10-25T01:44:59Z', 'closed'],
    ['Sun 03:00 - Sun 05:00 Europe/Berlin', '2026-10-25T01:45:00Z', 'lead'],
    ['Sun 03:00 - Sun 05:00 Europe/Berlin', '2026-10-25T02:00:00Z', 'open'],
    // half an hour: Lord Howe, 2026-04-05, 02:00 -> 01:30 at 15:00Z the day before
    ['Sun 01:45 - Sun 04:00 Australia/Lord_Howe', '2026-04-04T14:29:59Z', 'closed'],
    ['Sun 01:45 - Sun 04:00 Australia/Lord_Howe', '2026-04-04T14:30:00Z', 'lead'],
    ['Sun 01:45 - Sun 04:00 Australia/Lord_Howe', '2026-04-04T14:45:00Z', 'open'],
    ['Sun 01:45 - Sun 04:00 Australia/Lord_Howe', '2026-04-04T15:10:00Z', 'open'],
    ['Sun 02:00 - Sun 04:00 Australia/Lord_Howe', '2026-04-04T15:14:59Z', 'closed'],
    ['Sun 02:00 - Sun 04:00 Australia/Lord_Howe', '2026-04-04T15:15:00Z', 'lead'],
    ['Sun 02:00 - Sun 04:00 Australia/Lord_Howe', '2026-04-04T15:29:59Z', 'lead'],
    ['Sun 02:00 - Sun 04:00 Australia/Lord_Howe', '2026-04-04T15:30:00Z', 'open'],
  ])('%s at %s: %s', (when, instant, expected) => {
    expect(phase(when, instant, 15)).toBe(expected);
  });
});

describe('leads', () => {
  test('longer than the window keep it from the lead to the end', () => {
    const when = 'Mon 12:00 - Mon 12:10 UTC';
    const phases = ['11:29', '11:30', '11:59', '12:05', '12:10'].map((time) =>
      phase(when, `2026-11-23T${time}:00Z`, 30),
    );
    expect(phases).toEqual(['closed', 'lead', 'lead', 'open', 'closed']);
  });

  test('may begin in the window before', () => {
    const config = {
      windows: [
        { when: 'Mon 08:00 - Mon 10:00 UTC', min: 4, max: 6 },
        { when: 'Mon 10:00 - Mon 12:00 UTC', min: 20 },
      ],
      leadMs: 15 * MINUTE_MS,
    };
    expect(at(config, '2026-11-23T09:44:00Z')).toEqual({ min: 4, max: 6, open: 1, leading: 0 });
    // a most below the least is raised to it
    expect(at(config, '2026-11-23T09:45:00Z')).toEqual({ min: 20, max: 20, open: 1, leading: 1 });
    expect(at(config, '2026-11-23T10:00:00Z')).toEqual({ min: 20, max: null, open: 1, leading: 0 });
  });

  test('of a day reach into the day before', () => {
    expect(phase('Tue 08:00 - Tue 09:00 UTC', '2026-11-23T08:00:00Z', 1_440)).toBe('lead');
    expect(phase('Tue 08:00 - Tue 09:00 UTC', '2026-11-23T07:59:59.999Z', 1_440)).toBe('closed');
  });
});

describe('windows together', () => {
  const config: ScheduleConfig = {
    windows: [
      { when: 'Mon 08:00 - Mon 18:00 UTC', min: 5, max: 30 },
      { when: 'Mon 12:00 - Mon 14:00 UTC', min: 10, max: 20 },
      { when: 'Mon 13:00 - Mon 15:00 UTC', min: 7 },
    ],
    otherwise: { min: 2, max: 4 },
  };

  test.each([
    ['07:59', 2, 4, 0],
    ['08:00', 5, 30, 1],
    ['12:30', 10, 20, 2],
    ['13:30', 10, 20, 3],
    ['14:30', 7, 30, 2],
    ['18:00', 2, 4, 0],
  ])('at %s: %d to %d', (time, min, max, open) => {
    expect(at(config, `2026-11-23T${time}:00Z`)).toEqual({ min, max, open, leading: 0 });
  });

  test('what is otherwise still counts during a lead, its most raised to what leads', () => {
    const early = { ...config, leadMs: MINUTE_MS };
    expect(at(early, '2026-11-23T07:59:00Z')).toEqual({ min: 5, max: 5, open: 0, leading: 1 });
    const high = { ...early, otherwise: { min: 8 } };
    expect(at(high, '2026-11-23T07:59:00Z')).toEqual({ min: 8, max: null, open: 0, leading: 1 });
  });
});

describe('how long they hold', () => {
  test('until the next edge or lead, for a day at most', () => {
    const settings = scheduleSettings({
      windows: [{ when: 'Mon 08:00 - Mon 18:00 Europe/Berlin', min: 5 }],
      leadMs: 600_000,
    });
    const until = (instant: string) =>
      new Date(limitsAt(settings, Date.parse(instant)).untilMs).toISOString();
    expect(until('2026-11-20T12:00:00Z')).toBe('2026-11-21T12:00:00.000Z');
    expect(until('2026-11-23T00:00:00Z')).toBe('2026-11-23T06:50:00.000Z');
    expect(until('2026-11-23T06:50:00Z')).toBe('2026-11-23T07:00:00.000Z');
    expect(until('2026-11-23T07:00:00Z')).toBe('2026-11-23T17:00:00.000Z');
    // parts of a millisecond do not matter
    expect(limitsAt(settings, Date.parse('2026-11-23T00:00:00Z') + 0.7)).toMatchObject({
      fromMs: Date.parse('2026-11-23T00:00:00Z'),
      untilMs: Date.parse('2026-11-23T06:50:00Z'),
    });
  });

  /*
   * Zones with steps of an hour, of half an hour, of none; over both changes of 2026 in each.
   * The slow twin asks for every minute whether the window is open in it or begins to be within
   * the lead.
   */
  const zones = ['Europe/Berlin', 'America/New_York', 'Australia/Lord_Howe', 'Asia/Kolkata'];
  const changes = [
    '2026-03-08',
    '2026-03-29',
    '2026-04-05',
    '2026-10-04',
    '2026-10-25',
    '2026-11-01',
  ];
  const window = fc.record({
    day: fc.constantFrom('Sat', 'Sun'),
    hour: fc.integer({ min: 0, max: 5 }),
    minute: fc.constantFrom(0, 10, 30, 45),
    length: fc.integer({ min: 10, max: 300 }),
  });

  test.each(zones)('they are the same at every minute in between, in %s', (zone) => {
    const lead = fc.constantFrom(0, 7, 20, 90);
    fc.assert(
      fc.property(fc.constantFrom(...changes), window, lead, (change, given, leadMinutes) => {
        const settings = scheduleSettings({
          windows: [{ when: whenOf(given, zone), min: 10 }],
          leadMs: leadMinutes * MINUTE_MS,
        });
        const span = settings.spans[0]?.span;
        if (span === undefined) {
          throw new Error('there is one');
        }
        const isOpen = new Map<number, boolean>();
        const openAt = (minute: number) => {
          const known = isOpen.get(minute) ?? isFrozenAt(span, minute * MINUTE_MS);
          isOpen.set(minute, known);
          return known;
        };
        const start = Date.parse(`${change}T00:00:00Z`) / MINUTE_MS - 720;
        let now = limitsAt(settings, start * MINUTE_MS);
        for (let minute = start; minute < start + 1_440; minute += 5) {
          if (minute * MINUTE_MS >= now.untilMs) {
            now = limitsAt(settings, minute * MINUTE_MS);
          }
          let opens = openAt(minute);
          for (let ahead = 1; ahead <= leadMinutes && !opens; ahead += 1) {
            opens = openAt(minute + ahead);
          }
          expect([minute, now.min]).toEqual([minute, opens ? 10 : 0]);
        }
      }),
      { numRuns: 12 },
    );
  });

  function whenOf(
    given: { day: string; hour: number; minute: number; length: number },
    zone: string,
  ): string {
    const { day } = given;
    const start = given.hour * 60 + given.minute;
    const time = (minutes: number) =>
      `${Math.floor(minutes / 60)}:${String(minutes % 60).padStart(2, '0')}`;
    return `${day} ${time(start)} - ${day} ${time(start + given.length)} ${zone}`;
  }
});
