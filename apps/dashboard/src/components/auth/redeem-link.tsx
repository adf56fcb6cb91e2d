'use client';

import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useRouter } from 'next/navigation';
import { useEffect, useRef } from 'react';
import { mutateOnly } from '../../lib/api.ts';
import { buttonClass } from '../ui/button.tsx';
import { Failure } from '../ui/states.tsx';

type Props = { token: string; csrfToken: string; next: string };

/** A one-time link is spent once, and then leaves the address bar and the history. */
export function RedeemLink({ token, csrfToken, next }: Props) {
  const client = useQueryClient();
  const router = useRouter();
  const spent = useRef(false);
  const { mutate, ...redeem } = useMutation({
    mutationFn: () =>
      mutateOnly({ method: 'POST', path: '/api/auth/redeem', csrfToken, body: { token } }),
    onSuccess: async () => {
      await client.invalidateQueries();
      router.replace(`/sign-in?next=${encodeURIComponent(next)}`);
    },
  });
  useEffect(() => {
    if (spent.current) return;
    spent.current = true;
    mutate();
  }, [mutate]);
  if (!redeem.isError) return <p role="status">Signing you in…</p>;
  return (
    <>
      <Failure error={redeem.error} />
      <a href="/sign-in" className={buttonClass('secondary')}>
        Sign in with a password
      </a>
    </>
  );
}
