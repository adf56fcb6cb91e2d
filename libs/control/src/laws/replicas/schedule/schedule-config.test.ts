import { describe, expect, test } from 'vitest';
import { type ScheduleConfig, scheduleSettings } from './schedule-config.ts';

const WHEN = 'Mon 08:00 - Fri 18:00 Europe/Berlin';

/** The stretches as `day.minute-day.minute`. */
function stretches(when: string): readonly string[] {
  return scheduleSettings({ windows: [{ when, min: 3 }] }).spans.map(
    ({ span }) => `${span.from.day}.${span.from.minute}-${span.to.day}.${span.to.minute}`,
  );
}

describe('windows', () => {
  test('one stretch of the week', () => {
    expect(scheduleSettings({ windows: [{ when: WHEN, min: 3, max: 9 }] })).toEqual({
      spans: [
        {
          span: {
            from: { day: 1, minute: 480 },
            to: { day: 5, minute: 1_080 },
            zone: 'Europe/Berlin',
          },
          min: 3,
          max: 9,
        },
      ],
      otherwise: { min: 0, max: null },
      leadMs: 0,
      evidenceMaxAgeMs: 30_000,
    });
  });

  test('the same hours on several days', () => {
    expect(stretches('Mon-Fri 08:00 - 18:00 Europe/Berlin')).toEqual([
      '1.480-1.1080',
      '2.480-2.1080',
      '3.480-3.1080',
      '4.480-4.1080',
      '5.480-5.1080',
    ]);
    expect(stretches('sat - sun 9:30 to 10:00 UTC')).toEqual(['6.570-6.600', '7.570-7.600']);
    expect(stretches('Wed–Wed 08:00–09:00 UTC')).toEqual(['3.480-3.540']);
  });

  test('days may run over the end of the week, hours over the end of the day', () => {
    expect(stretches('Sat-Mon 22:00 - 06:00 UTC')).toEqual([
      '6.1320-7.360',
      '7.1320-1.360',
      '1.1320-2.360',
    ]);
    expect(stretches('Mon-Mon 12:00 - 24:00 UTC')).toEqual(['1.720-2.0']);
    expect(stretches('Mon-Mon 00:00 - 00:00 UTC')).toEqual(['1.0-2.0']);
  });

  test('daily is every day', () => {
    expect(stretches('daily 08:00 - 09:00 UTC')).toHaveLength(7);
    expect(stretches('Daily 22:00 - 06:00 UTC').at(-1)).toBe('7.1320-1.360');
  });

  test('a window without a ceiling has none', () => {
    expect(scheduleSettings({ windows: [{ when: WHEN }] }).spans[0]).toMatchObject({
      min: 0,
      max: null,
    });
  });
});

const windows = [{ when: WHEN, min: 3 }];

test.each<[ScheduleConfig, RegExp]>([
  [{ windows: [] }, /^windows is 0: .*1 to 100/],
  [
    { windows: Array.from({ length: 15 }, () => ({ when: 'daily 08:00 - 09:00 UTC' })) },
    /^windows is 15/,
  ],
  [{ windows: [{ when: 'Fri 18:00' }] }, /^windows.0.when is "Fri 18:00": it must be like/],
  [{ windows: [...windows, { when: 'Mon-Fri 08:00 - 09:00 Mars/Olympus' }] }, /^windows.1.when/],
  [{ windows: [{ when: 'Mon-Fry 08:00 - 09:00 UTC' }] }, /^windows.0.when is .*with days Mon/],
  [{ windows: [{ when: 'Moo-Fri 08:00 - 09:00 UTC' }] }, /with days Mon/],
  [
    { windows: [{ when: 'Mon-Fri 08:00 - 25:00 UTC' }] },
    /^windows.0.when is "Mon-Fri 08.*with times/,
  ],
  [{ windows: [{ when: WHEN, min: -1 }] }, /^windows.0.min is -1: .*at least 0/],
  [{ windows: [{ when: WHEN, min: 1.5 }] }, /^windows.0.min is 1.5/],
  [{ windows: [{ when: WHEN, min: 3, max: 2 }] }, /^windows.0.max is 2: .*at least min \(3\)/],
  [{ windows: [{ when: WHEN, max: 2.5 }] }, /^windows.0.max is 2.5/],
  [{ windows, otherwise: { min: 4, max: 3 } }, /^otherwise.max is 3/],
  [{ windows, leadMs: -1 }, /^leadMs is -1: .*from 0 to one day/],
  [{ windows, leadMs: 86_400_001 }, /^leadMs/],
  [{ windows, evidenceMaxAgeMs: 0 }, /^evidenceMaxAgeMs is 0/],
  [{ windows, evidenceMaxAgeMs: Number.POSITIVE_INFINITY }, /^evidenceMaxAgeMs/],
])('%j is refused', (config, message) => {
  expect(() => scheduleSettings(config)).toThrowError(message);
});

test.each<Partial<ScheduleConfig>>([
  { leadMs: 86_400_000 },
  { otherwise: { min: 0, max: 0 } },
  { windows: Array.from({ length: 100 }, () => ({ when: WHEN, min: 2, max: 2 })) },
])('%j is taken', (config) => {
  expect(scheduleSettings({ windows, ...config }).spans.length).toBeGreaterThan(0);
});
