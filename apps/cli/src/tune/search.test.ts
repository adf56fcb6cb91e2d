import { describe, expect, it } from 'vitest';
import { type Knob, type Setting, search } from './search.ts';

const X: Knob = { name: 'x', least: 0.1, most: 100, first: 1 };
const Y: Knob = { name: 'y', least: 0, most: 50, first: 0.5 };

/** Costs least at the given point. */
const bowl =
  (at: Setting, tried: Setting[] = []) =>
  (setting: Setting) => {
    tried.push(setting);
    const off = Object.entries(at).map(([name, value]) => Math.abs((setting[name] ?? 0) - value));
    return { cost: off.reduce((sum, each) => sum + each, 0) };
  };

describe('the search', () => {
  it('goes downhill from its best start', () => {
    const found = search(
      [X, Y],
      [
        { x: 1, y: 0 },
        { x: 30, y: 0 },
      ],
      {
        judge: bowl({ x: 40, y: 4 }),
        most: 200,
      },
    );
    expect(Math.abs((found.setting.x ?? 0) - 40)).toBeLessThan(3);
    expect(Math.abs((found.setting.y ?? 0) - 4)).toBeLessThan(0.5);
  });

  it('tries each setting once, and no more than it may', () => {
    const tried: Setting[] = [];
    const found = search(
      [X, Y],
      [
        { x: 1, y: 0 },
        { x: 1, y: 0 },
      ],
      {
        judge: bowl({ x: 40, y: 4 }, tried),
        most: 9,
      },
    );
    expect(found.tries).toBe(9);
    expect(new Set(tried.map((setting) => JSON.stringify(setting))).size).toBe(tried.length);
    expect(tried.length).toBe(9);
  });

  it('keeps to the bounds, and comes back to 0 where that is best', () => {
    const tried: Setting[] = [];
    const far = bowl({ x: 1_000, y: -5 }, tried);
    const { setting } = search([X, Y], [{ x: 60, y: 3 }], { judge: far, most: 300 });
    expect(setting).toEqual({ x: 100, y: 0 });
    expect(tried.every(({ x = 0, y = 0 }) => x <= 100 && x >= 0.1 && y >= 0)).toBe(true);
  });

  it('keeps a start that nothing betters', () => {
    const judge = bowl({ x: 1, y: 0 });
    expect(search([X, Y], [{ x: 1, y: 0 }], { judge, most: 100 }).setting).toEqual({ x: 1, y: 0 });
  });

  it('needs a start', () => {
    expect(() => search([X], [], { judge: bowl({}), most: 5 })).toThrow('a start');
  });
});
