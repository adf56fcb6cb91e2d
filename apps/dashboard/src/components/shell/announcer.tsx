'use client';

import { useQuery } from '@tanstack/react-query';
import { useEffect, useRef, useState } from 'react';
import { proposalsQuery } from '../../lib/queries.ts';
import { useServerNow } from '../../lib/server-clock.ts';
import { useLive } from './live-provider.tsx';

const soonMs = 60_000;

/** Tells those who listen rather than look: new proposals politely, expiring ones at once. */
export function Announcer() {
  const { listen } = useLive();
  const [polite, setPolite] = useState('');
  useEffect(
    () =>
      listen((event) => {
        if (event.topic === 'proposal' && event.state === 'pending') {
          setPolite(`New proposal: ${event.title}`);
        }
        if (event.topic === 'mode') setPolite(`${event.service} is now in mode ${event.to}`);
      }),
    [listen],
  );
  return (
    <>
      <div role="status" aria-live="polite" className="sr-only">
        {polite}
      </div>
      <div role="alert" aria-live="assertive" className="sr-only">
        {useExpiring()}
      </div>
    </>
  );
}

function useExpiring(): string {
  const { data } = useQuery(proposalsQuery('pending'));
  const nowMs = useServerNow();
  const told = useRef(new Set<string>());
  const [text, setText] = useState('');
  const expiring = data?.proposals.find(
    ({ id, expiresAtMs }) =>
      expiresAtMs > nowMs && expiresAtMs - nowMs < soonMs && !told.current.has(id),
  );
  useEffect(() => {
    if (!expiring) return;
    told.current.add(expiring.id);
    setText(`Expires within a minute: ${expiring.title}`);
  }, [expiring]);
  return text;
}
