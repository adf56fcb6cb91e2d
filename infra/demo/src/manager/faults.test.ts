import { describe, expect, it } from 'vitest';
import { NO_DISTURBANCE } from '../process/messages.ts';
import {
  addFault,
  disturbanceOf,
  type Fault,
  type FaultRequest,
  stillOn,
  surgeOf,
} from './faults.ts';

const INSTANCES = new Map([
  ['checkout', ['checkout-1', 'checkout-2']],
  ['payments', ['payments-1']],
  ['inventory', []],
]);

function add(request: FaultRequest, faults: readonly Fault[] = [], nowMs = 0) {
  return addFault(faults, request, { nowMs, newId: `f${faults.length}`, instancesOf: INSTANCES });
}

function on(...requests: FaultRequest[]): readonly Fault[] {
  return requests.reduce<readonly Fault[]>((faults, request) => {
    const result = add(request, faults);
    if (result.kind === 'invalid') throw new Error(result.message);
    return result.faults;
  }, []);
}

const checkout1 = { service: 'checkout', instance: 'checkout-1' };

describe('faults', () => {
  it('have sensible defaults', () => {
    expect(on({ kind: 'surge' })).toMatchObject([{ magnitude: 3, untilMs: 600_000 }]);
    expect(on({ kind: 'slow-instance' })).toMatchObject([{ ...checkout1, magnitude: 4 }]);
    expect(on({ kind: 'error-burst' })).toMatchObject([{ service: 'checkout', instance: null }]);
    expect(on({ kind: 'dependency-down' })).toMatchObject([{ service: 'payments', how: 'fail' }]);
  });

  it('do their work where they are, and nowhere else', () => {
    const faults = on(
      { kind: 'slow-instance', magnitude: 5 },
      { kind: 'error-burst', magnitude: 0.4 },
      { kind: 'dependency-down', how: 'refuse' },
    );
    expect(disturbanceOf(faults, checkout1)).toEqual({
      slowFactor: 5,
      errorRatio: 0.4,
      down: 'no',
    });
    expect(disturbanceOf(faults, { service: 'checkout', instance: 'checkout-2' })).toEqual({
      slowFactor: 1,
      errorRatio: 0.4,
      down: 'no',
    });
    expect(disturbanceOf(faults, { service: 'payments', instance: 'payments-9' }).down).toBe(
      'refuse',
    );
    expect(disturbanceOf(faults, { service: 'inventory', instance: 'i' })).toEqual(NO_DISTURBANCE);
  });

  it('are renewed, not doubled, by switching on again', () => {
    const first = on({ kind: 'surge', magnitude: 2 });
    const again = add({ kind: 'surge', magnitude: 4, durationMs: 5_000 }, first, 100_000);
    expect(again).toMatchObject({
      faults: [{ id: 'f0', magnitude: 4, sinceMs: 0, untilMs: 105_000 }],
    });
  });

  it('end by themselves', () => {
    const faults = on({ kind: 'surge' }, { kind: 'error-burst', durationMs: 1_000 });
    expect(stillOn(faults, 999)).toHaveLength(2);
    expect(stillOn(faults, 1_000).map((fault) => fault.kind)).toEqual(['surge']);
    expect(surgeOf(stillOn(faults, 1_000))).toBe(3);
    expect(surgeOf(stillOn(faults, 600_000))).toBe(1);
  });

  it.each<[FaultRequest, string]>([
    [{ kind: 'surge', service: 'checkout' }, 'leave out service'],
    [{ kind: 'surge', magnitude: 50 }, 'not within 1 and 5'],
    [{ kind: 'error-burst', service: 'nobody' }, 'checkout, payments, inventory'],
    [{ kind: 'slow-instance', instance: 'checkout-9' }, 'checkout-1, checkout-2'],
    [{ kind: 'slow-instance', service: 'inventory' }, 'no running instance'],
  ])('refuse %j with a reason', (request, reason) => {
    const result = add(request);
    expect(result.kind).toBe('invalid');
    expect(result.kind === 'invalid' && result.message).toContain(reason);
  });
});
