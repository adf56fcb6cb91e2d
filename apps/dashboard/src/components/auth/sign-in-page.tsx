'use client';

import { useQuery } from '@tanstack/react-query';
import { useRouter, useSearchParams } from 'next/navigation';
import { type ReactNode, useEffect } from 'react';
import { safeNextPath } from '../../lib/next-path.ts';
import { sessionQuery } from '../../lib/queries.ts';
import { Failure, SkeletonRows } from '../ui/states.tsx';
import { PasswordForm } from './password-form.tsx';
import { RedeemLink } from './redeem-link.tsx';
import { SignInForm } from './sign-in-form.tsx';

export function SignInPage() {
  return (
    <main className="mx-auto mt-[12vh] w-full max-w-sm px-4">
      <h1 className="mb-4 text-xl font-semibold tracking-tight">Flyball</h1>
      <div className="rounded-md border bg-surface p-4">
        <Step />
      </div>
    </main>
  );
}

/** One thing at a time: the link, then the password, or the form, then the way back. */
function Step(): ReactNode {
  const params = useSearchParams();
  const router = useRouter();
  const session = useQuery(sessionQuery);
  const next = safeNextPath(params.get('next'));
  const token = params.get('token');
  const user = session.data?.user ?? null;
  const changing = params.get('change') === 'password';
  const done = user !== null && !user.mustChangePassword && !changing && token === null;
  useEffect(() => {
    if (done) router.replace(next);
  }, [done, next, router]);
  if (session.data === undefined) {
    return session.isError ? (
      <Failure error={session.error} onRetry={() => void session.refetch()} />
    ) : (
      <SkeletonRows rows={3} />
    );
  }
  const { csrfToken } = session.data;
  if (token !== null) return <RedeemLink token={token} csrfToken={csrfToken} next={next} />;
  if (user === null) return <SignInForm csrfToken={csrfToken} />;
  if (user.mustChangePassword || changing) {
    return <PasswordForm user={user} csrfToken={csrfToken} next={next} />;
  }
  return <SkeletonRows rows={3} />;
}
