'use client';

import { useQueryClient } from '@tanstack/react-query';
import clsx from 'clsx';
import { CloudOff } from 'lucide-react';
import { useEffect } from 'react';
import { useConnection } from '../../lib/connection.ts';
import { formatClock } from '../../lib/format.ts';
import { sessionQuery } from '../../lib/queries.ts';
import { Button } from '../ui/button.tsx';

const retryMs = 4000;

/** Says that the controller is away, keeps the last data on screen, and keeps trying. */
export function AwayBanner() {
  const connection = useConnection();
  const client = useQueryClient();
  const away = connection.state === 'away';
  useEffect(() => {
    if (!away) return;
    const retry = () => void client.fetchQuery({ ...sessionQuery, staleTime: 0 }).catch(() => null);
    const timer = setInterval(retry, retryMs);
    return () => clearInterval(timer);
  }, [away, client]);
  if (connection.state === 'up') return null;
  return (
    <div
      role="alert"
      className={clsx(
        'flex flex-wrap items-center gap-x-3 gap-y-1 border-b bg-warn-soft px-3 py-2',
        'text-sm',
      )}
    >
      <CloudOff size={15} aria-hidden className="shrink-0 text-warn" />
      <div className="min-w-0 flex-1">
        <strong className="font-semibold">The controller is away.</strong> {connection.message}{' '}
        {connection.lastAnswerMs === null
          ? ''
          : `What you see is from ${formatClock(connection.lastAnswerMs)}; `}
        guards keep their last targets until these expire.
      </div>
      <Button small onClick={() => void client.invalidateQueries()}>
        Try again
      </Button>
    </div>
  );
}
