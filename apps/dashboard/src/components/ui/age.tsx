'use client';

import { formatAge, formatDateTime } from '../../lib/format.ts';
import { useServerNow } from '../../lib/server-clock.ts';

/** How long ago, by the server's clock; the exact time is in the title. */
export function Age({ atMs }: { atMs: number }) {
  const nowMs = useServerNow();
  return (
    <time dateTime={new Date(atMs).toISOString()} title={formatDateTime(atMs)}>
      {formatAge(Math.max(0, nowMs - atMs))}
    </time>
  );
}
