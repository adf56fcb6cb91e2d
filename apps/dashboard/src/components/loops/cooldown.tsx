'use client';

import { formatCountdown } from '../../lib/format.ts';
import { useServerNow } from '../../lib/server-clock.ts';

export function Cooldown({ untilMs }: { untilMs: number | null }) {
  const nowMs = useServerNow();
  if (untilMs === null || untilMs <= nowMs) return null;
  return <span className="block text-xs text-muted">for {formatCountdown(untilMs - nowMs)}</span>;
}
