import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { NO_DISTURBANCE } from '../process/messages.ts';
import { Fleet } from './fleet.ts';
import { fakeProcesses } from './process.fake.ts';

function fleetOf() {
  const { start, all } = fakeProcesses();
  const fleet = new Fleet({
    service: 'checkout',
    start,
    nowMs: Date.now,
    disturbanceOf: () => NO_DISTURBANCE,
    onChange: () => undefined,
  });
  const living = () => all.filter((one) => !one.stopped).map((one) => one.instance);
  const names = () => fleet.peers().map((peer) => peer.instance);
  return { fleet, all, living, names };
}

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  vi.useRealTimers();
});

describe('the fleet', () => {
  it('starts what is desired and offers it when it is ready', () => {
    const { fleet, all, names } = fleetOf();
    fleet.setDesired(2);
    expect(fleet.counts()).toMatchObject({ starting: 2, running: 0, startUpMs: null });
    vi.advanceTimersByTime(2_000);
    all[0]?.ready();
    expect(names()).toEqual(['checkout-1']);
    expect(fleet.counts()).toMatchObject({ starting: 1, running: 1, startUpMs: 2_000 });
  });

  it('averages the start-up time over the starts', () => {
    const { fleet, all } = fleetOf();
    fleet.setDesired(1);
    vi.advanceTimersByTime(2_000);
    all[0]?.ready();
    fleet.setDesired(2);
    vi.advanceTimersByTime(4_000);
    all[1]?.ready();
    expect(fleet.counts().startUpMs).toBe(2_600);
  });

  it('is forgotten by others before it is stopped, newest first', () => {
    const { fleet, all, names, living } = fleetOf();
    fleet.setDesired(3);
    for (const one of all) {
      vi.advanceTimersByTime(10);
      one.ready();
    }
    fleet.setDesired(2);
    expect(names()).toHaveLength(2);
    expect(fleet.counts().draining).toBe(1);
    expect(living()).toHaveLength(3);
    vi.advanceTimersByTime(300);
    expect(living()).toHaveLength(2);
    all.find((one) => one.stopped)?.exit();
    expect(fleet.counts()).toMatchObject({ running: 2, draining: 0 });
  });

  it('rather drains what does not serve yet', () => {
    const { fleet, all, names } = fleetOf();
    fleet.setDesired(1);
    all[0]?.ready();
    vi.advanceTimersByTime(1_000);
    fleet.setDesired(2);
    fleet.setDesired(1);
    expect(names()).toEqual(['checkout-1']);
  });

  it('gives a name again only when its owner has gone', () => {
    const { fleet, all } = fleetOf();
    fleet.setDesired(1);
    all[0]?.ready();
    fleet.setDesired(0);
    fleet.setDesired(1);
    expect(all.map((one) => one.instance)).toEqual(['checkout-1', 'checkout-2']);
    vi.advanceTimersByTime(300);
    all[0]?.exit();
    fleet.setDesired(2);
    expect(all.map((one) => one.instance)).toEqual(['checkout-1', 'checkout-2', 'checkout-1']);
  });

  it('restarts what ends unasked, later each time, and at once never', () => {
    const { fleet, all, names } = fleetOf();
    fleet.setDesired(1);
    all[0]?.ready();
    const waits: number[] = [];
    for (let crash = 0; crash < 8; crash += 1) {
      all.at(-1)?.exit();
      expect(names()).toEqual([]);
      const before = all.length;
      let waited = 0;
      while (all.length === before && waited < 60_000) {
        vi.advanceTimersByTime(250);
        waited += 250;
      }
      waits.push(waited);
    }
    expect(waits).toEqual([250, 500, 1_000, 2_000, 4_000, 8_000, 10_000, 10_000]);
    expect(all.at(-1)?.instance).toBe('checkout-1');
  });

  it('tells a process that was started anew what the others know', () => {
    const { fleet, all } = fleetOf();
    const directory = { payments: [{ instance: 'p', url: 'http://p', startedAtMs: 1 }] };
    fleet.setDesired(1);
    fleet.tellDirectory(directory);
    all[0]?.exit();
    vi.advanceTimersByTime(250);
    expect(all[1]?.received).toContainEqual({ kind: 'directory', directory });
  });

  it('starts nothing any more once it is closed', () => {
    const { fleet, all } = fleetOf();
    fleet.setDesired(2);
    all[1]?.exit();
    fleet.close();
    all[0]?.exit();
    vi.advanceTimersByTime(60_000);
    expect(all).toHaveLength(2);
    expect(fleet.isEmpty()).toBe(true);
  });
});
