import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { enforcement, type GuardState, INITIAL_GUARD, stepGuard } from './guard-client.ts';

/**
 * The slow obvious twin: remembers every acceptable answer with its time and asks, for any
 * instant, which one governs.
 */
interface Event {
  afterMs: number;
  what: { kind: 'answer'; version: number; rate: number; lifetimeMs: number } | { kind: 'away' };
}

const answer = fc.record({
  kind: fc.constant('answer' as const),
  version: fc.integer({ min: 1, max: 5 }),
  rate: fc.integer({ min: 1, max: 1_000 }),
  lifetimeMs: fc.integer({ min: 1, max: 5_000 }),
});
const event: fc.Arbitrary<Event> = fc.record({
  afterMs: fc.integer({ min: 0, max: 4_000 }),
  what: fc.oneof(answer, fc.constant({ kind: 'away' as const })),
});

function bodyOf(what: Extract<Event['what'], { kind: 'answer' }>, issuedAtMs: number) {
  return {
    version: what.version,
    issuedAtMs,
    lifetimeMs: what.lifetimeMs,
    pollMs: 1_000,
    ratePerSecond: what.rate,
    burst: null,
    weights: {},
    defaults: { ratePerSecond: null, equalWeights: true },
  };
}

describe('the guard, for any behaviour of the controller', () => {
  it('enforces the newest answer until its lifetime ends, and nothing after', () => {
    fc.assert(
      fc.property(fc.array(event, { maxLength: 40 }), (events) => {
        let state: GuardState = INITIAL_GUARD;
        let nowMs = 0;
        let governing: { version: number; rate: number; untilMs: number } | null = null;
        for (const { afterMs, what } of events) {
          nowMs += afterMs;
          if (governing !== null && nowMs >= governing.untilMs) governing = null;
          if (what.kind === 'away') {
            state = stepGuard(state, { kind: 'failure', reason: 'away' }, nowMs);
          } else {
            state = stepGuard(state, { kind: 'answer', body: bodyOf(what, nowMs) }, nowMs);
            if (governing === null || what.version >= governing.version) {
              const { version, rate, lifetimeMs } = what;
              governing = { version, rate, untilMs: nowMs + lifetimeMs };
            }
          }
          expect(enforcement(state, nowMs).ratePerSecond).toBe(governing?.rate ?? null);
        }
      }),
    );
  });

  it('survives any body at all', () => {
    fc.assert(
      fc.property(fc.array(fc.anything(), { maxLength: 20 }), (bodies) => {
        let state: GuardState = INITIAL_GUARD;
        for (const body of bodies) state = stepGuard(state, { kind: 'answer', body }, 5);
        expect(enforcement(state, 5).ratePerSecond).toBeNull();
      }),
    );
  });
});
