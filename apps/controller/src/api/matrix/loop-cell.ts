import type { MatrixCell, Verdict } from '@flyball/contract';
import { MINUTES, type ServiceFigures } from '../figures/figures.ts';

/** Reasons for which a loop changes nothing although it would like to, or cannot tell. */
const HELD = new Set([
  'no-evidence',
  'stale-evidence',
  'invalid-measure',
  'clock-went-back',
  'evidence-missing',
  'evidence-stale',
  'blind-scale-down',
  'not-a-number',
  'foreign-writer',
  'actuator-away',
]);

/** A loop that has not ticked for this long is not running. */
const SILENT_MS = 3 * 60_000;

export function isHeld(reason: string): boolean {
  return HELD.has(reason);
}

/** How many of a service's loops run, and what holds the first that does not. */
export function loopCell(figures: ServiceFigures, nowMs: number): MatrixCell {
  const none = new Array<null>(MINUTES).fill(null);
  const stripVerdicts = none.map((): Verdict => 'unknown');
  const base = { unit: 'loops', threshold: null, origin: null, exempt: null };
  const strips = { strip: none, stripVerdicts };
  if (figures.loops.length === 0) {
    const detail = 'no policy steers this service';
    return { ...base, ...strips, value: null, display: 'none', verdict: 'unknown', detail };
  }
  const silent = figures.loops.filter((loop) => nowMs - loop.atMs > SILENT_MS);
  const held = figures.loops.filter((loop) => !silent.includes(loop) && isHeld(loop.reason));
  const value = figures.loops.length - silent.length - held.length;
  const [worst] = [...silent, ...held];
  if (worst === undefined) {
    const display = `${value} running`;
    return { ...base, ...strips, value, display, verdict: 'ok', detail: null };
  }
  const display = `${worst.loop} ${silent.length > 0 ? 'silent' : 'held'}`;
  return { ...base, ...strips, value, display, verdict: 'warn', detail: worst.text };
}
