/** The part of the trace's time that is on screen, nanoseconds from its start. */
export type View = { startNs: number; endNs: number };

const narrowest = 1000;

export function clampView(view: View, durationNs: number): View {
  const width = Math.min(Math.max(view.endNs - view.startNs, narrowest), Math.max(durationNs, 1));
  const startNs = Math.min(Math.max(0, view.startNs), Math.max(0, durationNs - width));
  return { startNs, endNs: startNs + width };
}

/** Zooms by `factor` (< 1 is closer) about a moment that stays where it is. */
export function zoomView(view: View, factor: number, aboutNs: number, durationNs: number): View {
  const startNs = aboutNs - (aboutNs - view.startNs) * factor;
  const endNs = aboutNs + (view.endNs - aboutNs) * factor;
  return clampView({ startNs, endNs }, durationNs);
}

/** Position and width of an interval in per cent of the view; null when out of sight. */
export function placeInView(
  view: View,
  startNs: number,
  endNs: number,
): { left: number; width: number } | null {
  if (endNs < view.startNs || startNs > view.endNs) return null;
  const scale = 100 / Math.max(1, view.endNs - view.startNs);
  const left = Math.max(0, (startNs - view.startNs) * scale);
  const right = Math.min(100, (endNs - view.startNs) * scale);
  return { left, width: Math.max(0, right - left) };
}

/** At most `count` ticks at 1, 2 or 5 times a power of ten. */
export function niceTicks(view: View, count: number): number[] {
  const rough = (view.endNs - view.startNs) / Math.max(1, count);
  const power = 10 ** Math.floor(Math.log10(Math.max(rough, 1)));
  const step = [1, 2, 5, 10].map((n) => n * power).find((n) => n >= rough) ?? 10 * power;
  const ticks: number[] = [];
  for (let at = Math.ceil(view.startNs / step) * step; at <= view.endNs; at += step) ticks.push(at);
  return ticks;
}
