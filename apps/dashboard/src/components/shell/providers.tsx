'use client';

import { QueryCache, QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { NuqsAdapter } from 'nuqs/adapters/next/app';
import { type ReactNode, useState } from 'react';
import { ApiFailure, isAway } from '../../lib/api.ts';
import { noteAnswer, noteAway } from '../../lib/connection.ts';

function createClient(): QueryClient {
  const client: QueryClient = new QueryClient({
    queryCache: new QueryCache({
      onSuccess: () => noteAnswer(),
      onError: (error, query) => {
        if (isAway(error)) noteAway(error.message);
        else if (error instanceof ApiFailure) noteAnswer();
        const signedOut = error instanceof ApiFailure && error.status === 401;
        if (signedOut && query.queryKey[0] !== 'session') {
          void client.invalidateQueries({ queryKey: ['session'] });
        }
      },
    }),
    defaultOptions: {
      queries: {
        staleTime: 2000,
        gcTime: 10 * 60_000,
        retry: (failures, error) =>
          failures < 2 && !(error instanceof ApiFailure && error.status >= 400),
        retryDelay: (attempt) => Math.min(500 * 2 ** attempt, 5000),
        networkMode: 'always',
      },
      mutations: { networkMode: 'always' },
    },
  });
  return client;
}

export function Providers({ children }: { children: ReactNode }) {
  const [client] = useState(createClient);
  return (
    <NuqsAdapter>
      <QueryClientProvider client={client}>{children}</QueryClientProvider>
    </NuqsAdapter>
  );
}
