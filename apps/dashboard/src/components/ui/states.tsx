'use client';

import type { UseQueryResult } from '@tanstack/react-query';
import clsx from 'clsx';
import { CircleAlert } from 'lucide-react';
import type { ReactNode } from 'react';
import { ApiFailure } from '../../lib/api.ts';
import { Button } from './button.tsx';

export function Skeleton({ className }: { className?: string }) {
  return (
    <div
      aria-hidden
      className={clsx('motion-safe:animate-pulse rounded-md bg-sunken', className ?? 'h-24')}
    />
  );
}

export function SkeletonRows({ rows = 6 }: { rows?: number }) {
  return (
    <div className="space-y-2 p-3" role="status" aria-label="Loading">
      {Array.from({ length: rows }, (_, row) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: rows of nothing have no identity
        <Skeleton key={row} className="h-6" />
      ))}
    </div>
  );
}

export function Empty({ title, children }: { title: string; children?: ReactNode }) {
  return (
    <div className="px-3 py-6 text-center">
      <p className="font-medium">{title}</p>
      {children ? (
        <div className="mx-auto mt-1 max-w-prose text-sm text-muted">{children}</div>
      ) : null}
    </div>
  );
}

export function Failure({ error, onRetry }: { error: unknown; onRetry?: () => void }) {
  const known = error instanceof ApiFailure;
  return (
    <div role="alert" className="flex items-start gap-3 p-3 text-sm">
      <CircleAlert size={16} aria-hidden className="mt-0.5 shrink-0 text-bad" />
      <div className="min-w-0">
        <p className="font-medium break-words">
          {known ? error.message : 'The dashboard could not show this.'}
        </p>
        <p className="mt-0.5 text-xs text-muted">{known ? `Code ${error.code}` : String(error)}</p>
        {onRetry ? (
          <Button small className="mt-2" onClick={onRetry}>
            Try again
          </Button>
        ) : null}
      </div>
    </div>
  );
}

type LoadedProps<T> = {
  query: UseQueryResult<T, Error>;
  skeleton?: ReactNode;
  children: (data: T) => ReactNode;
};

/** Data once there is some, also while a later fetch fails: the banner tells of that. */
export function Loaded<T>({ query, skeleton, children }: LoadedProps<T>) {
  if (query.data !== undefined) return children(query.data);
  if (query.isError) return <Failure error={query.error} onRetry={() => void query.refetch()} />;
  return skeleton ?? <SkeletonRows />;
}
