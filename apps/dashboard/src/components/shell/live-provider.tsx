'use client';

import type { LiveEvent } from '@flyball/contract';
import { useQueryClient } from '@tanstack/react-query';
import { createContext, type ReactNode, useContext, useEffect, useMemo, useState } from 'react';
import { LiveFeed, type LiveStatus } from '../../lib/live.ts';

type Live = { status: LiveStatus; listen: (listener: (event: LiveEvent) => void) => () => void };

const LiveContext = createContext<Live | null>(null);

export function LiveProvider({ children }: { children: ReactNode }) {
  const client = useQueryClient();
  const [status, setStatus] = useState<LiveStatus>('connecting');
  const [feed] = useState(() => new LiveFeed(client, setStatus));
  useEffect(() => {
    feed.open();
    return () => feed.close();
  }, [feed]);
  const live = useMemo<Live>(
    () => ({ status, listen: (listener) => feed.listen(listener) }),
    [status, feed],
  );
  return <LiveContext value={live}>{children}</LiveContext>;
}

export function useLive(): Live {
  const live = useContext(LiveContext);
  if (live === null) throw new Error('useLive is used outside of LiveProvider');
  return live;
}
