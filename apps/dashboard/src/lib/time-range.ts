/** A range of time as the URL holds it: `range=1h`, or `from` and `to` in milliseconds. */

export const presets = [
  { id: '15m', label: 'Last 15 min', ms: 15 * 60_000 },
  { id: '1h', label: 'Last hour', ms: 3_600_000 },
  { id: '6h', label: 'Last 6 h', ms: 6 * 3_600_000 },
  { id: '24h', label: 'Last 24 h', ms: 24 * 3_600_000 },
  { id: '7d', label: 'Last 7 d', ms: 7 * 24 * 3_600_000 },
] as const;

export type PresetId = (typeof presets)[number]['id'];
export const presetIds = presets.map((preset) => preset.id);
export const defaultPreset: PresetId = '1h';

export type RangeChoice =
  | { kind: 'preset'; id: PresetId }
  | { kind: 'fixed'; fromMs: number; toMs: number };

/** `from` and `to` win over a preset when both are there and in order. */
export function chooseRange(
  preset: PresetId,
  fromMs: number | null,
  toMs: number | null,
): RangeChoice {
  if (fromMs !== null && toMs !== null && fromMs < toMs) return { kind: 'fixed', fromMs, toMs };
  return { kind: 'preset', id: preset };
}

export function resolveRange(choice: RangeChoice, nowMs: number): { fromMs: number; toMs: number } {
  if (choice.kind === 'fixed') return { fromMs: choice.fromMs, toMs: choice.toMs };
  const preset = presets.find(({ id }) => id === choice.id);
  return { fromMs: nowMs - (preset?.ms ?? 3_600_000), toMs: nowMs };
}

/** The part of a query key that tells two ranges apart. */
export function rangeKey(choice: RangeChoice): string {
  return choice.kind === 'preset' ? choice.id : `${choice.fromMs}-${choice.toMs}`;
}

/** About `count` ticks at round local times within the range. */
export function timeTicks(fromMs: number, toMs: number, count: number): number[] {
  const rough = (toMs - fromMs) / Math.max(1, count);
  const step = roundSteps.find((candidate) => candidate >= rough) ?? 7 * 86_400_000;
  const offsetMs = new Date(fromMs).getTimezoneOffset() * 60_000;
  const first = Math.ceil((fromMs - offsetMs) / step) * step + offsetMs;
  const ticks: number[] = [];
  for (let at = first; at <= toMs && ticks.length < 100; at += step) ticks.push(at);
  return ticks;
}

const second = 1000;
const minute = 60 * second;
const hour = 60 * minute;
const roundSteps = [
  ...[1, 5, 10, 15, 30].map((n) => n * second),
  ...[1, 2, 5, 10, 15, 30].map((n) => n * minute),
  ...[1, 2, 3, 6, 12, 24, 48].map((n) => n * hour),
];
