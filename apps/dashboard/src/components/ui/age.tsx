'use client';

import { formatAge, formatDateTime, formatSince } from '../../lib/format.ts';
import { useServerNow } from '../../lib/server-clock.ts';

/** How long ago, or for how long, by the server's clock; the exact time is in the title. */
export function Age({ atMs, since = false }: { atMs: number; since?: boolean }) {
  const ageMs = Math.max(0, useServerNow() - atMs);
  return (
    <time dateTime={new Date(atMs).toISOString()} title={formatDateTime(atMs)}>
      {since ? formatSince(ageMs) : formatAge(ageMs)}
    </time>
  );
}
