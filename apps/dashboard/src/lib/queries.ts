import {
  actionList,
  auditLog,
  loop,
  loopList,
  loopSamples,
  matrix,
  modeHistory,
  overview,
  type ProposalState,
  pathBreakdown,
  pathEndpoints,
  proposalList,
  serviceList,
  session,
  traceDetail,
  traceSearch,
  userList,
} from '@flyball/contract';
import { infiniteQueryOptions, keepPreviousData, queryOptions } from '@tanstack/react-query';
import { getJson, withQuery } from './api.ts';
import { learnServerTime } from './server-clock.ts';
import { type RangeChoice, rangeKey, resolveRange } from './time-range.ts';

/**
 * Every question the pages ask, with the key it is kept under. The first element of a key is the
 * family that live events make stale (`live-topics.ts`). The interval is only the net under them.
 */

const netMs = 30_000;

function rangeQuery(range: RangeChoice) {
  return resolveRange(range, Date.now());
}

export const sessionQuery = queryOptions({
  queryKey: ['session'],
  queryFn: ({ signal }) => getJson('/api/auth/session', session, signal),
  staleTime: 5 * 60_000,
});

export const overviewQuery = queryOptions({
  queryKey: ['overview'],
  queryFn: async ({ signal }) => {
    const sentMs = Date.now();
    const answer = await getJson('/api/overview', overview, signal);
    learnServerTime(answer.generatedAtMs, sentMs);
    return answer;
  },
  refetchInterval: netMs,
});

export const matrixQuery = queryOptions({
  queryKey: ['matrix'],
  queryFn: ({ signal }) => getJson('/api/matrix', matrix, signal),
  refetchInterval: netMs,
});

export function modesQuery(range: RangeChoice, service: string) {
  return queryOptions({
    queryKey: ['modes', rangeKey(range), service],
    queryFn: ({ signal }) =>
      getJson(
        withQuery('/api/modes/history', { ...rangeQuery(range), service }),
        modeHistory,
        signal,
      ),
    placeholderData: keepPreviousData,
    refetchInterval: netMs,
  });
}

export const servicesQuery = queryOptions({
  queryKey: ['services'],
  queryFn: ({ signal }) => getJson('/api/services', serviceList, signal),
  staleTime: 60_000,
});

export type TraceFilter = {
  service: string;
  operation: string;
  status: 'error' | 'ok' | null;
  minDurationMs: number | null;
  maxDurationMs: number | null;
  attributes: readonly string[];
};

type TracePage = { cursor: string; fromMs: number; toMs: number };

export function tracesQuery(range: RangeChoice, filter: TraceFilter) {
  const { attributes, ...plain } = filter;
  return infiniteQueryOptions({
    queryKey: ['traces', rangeKey(range), filter],
    queryFn: ({ signal, pageParam }) =>
      getJson(
        withQuery('/api/traces', {
          ...(pageParam ?? rangeQuery(range)),
          ...plain,
          attribute: attributes,
          limit: 100,
        }),
        traceSearch,
        signal,
      ),
    initialPageParam: null as TracePage | null,
    // The next page is of the same moment as the first, although the range itself moves on.
    getNextPageParam: ({ nextCursor, fromMs, toMs }): TracePage | null =>
      nextCursor === null ? null : { cursor: nextCursor, fromMs, toMs },
    placeholderData: keepPreviousData,
  });
}

export function traceQuery(traceId: string) {
  return queryOptions({
    queryKey: ['trace', traceId],
    queryFn: ({ signal }) =>
      getJson(`/api/traces/${encodeURIComponent(traceId)}`, traceDetail, signal),
    staleTime: 60_000,
  });
}

export function endpointsQuery(range: RangeChoice) {
  return queryOptions({
    queryKey: ['paths', 'endpoints', rangeKey(range)],
    queryFn: ({ signal }) =>
      getJson(withQuery('/api/critical-paths/endpoints', rangeQuery(range)), pathEndpoints, signal),
    placeholderData: keepPreviousData,
    refetchInterval: netMs,
  });
}

export function pathsQuery(range: RangeChoice, service: string, operation: string) {
  return queryOptions({
    queryKey: ['paths', 'breakdown', rangeKey(range), service, operation],
    queryFn: ({ signal }) =>
      getJson(
        withQuery('/api/critical-paths', { ...rangeQuery(range), service, operation }),
        pathBreakdown,
        signal,
      ),
    placeholderData: keepPreviousData,
    refetchInterval: netMs,
  });
}

export const loopsQuery = queryOptions({
  queryKey: ['loops'],
  queryFn: ({ signal }) => getJson('/api/loops', loopList, signal),
  refetchInterval: netMs,
});

const loopPath = (service: string, name: string) =>
  `/api/loops/${encodeURIComponent(service)}/${encodeURIComponent(name)}`;

export function loopQuery(service: string, name: string) {
  return queryOptions({
    queryKey: ['loop', `${service}/${name}`],
    queryFn: ({ signal }) => getJson(loopPath(service, name), loop, signal),
    refetchInterval: netMs,
  });
}

export function samplesQuery(service: string, name: string, range: RangeChoice) {
  return queryOptions({
    queryKey: ['samples', `${service}/${name}`, rangeKey(range)],
    queryFn: ({ signal }) =>
      getJson(
        withQuery(`${loopPath(service, name)}/samples`, rangeQuery(range)),
        loopSamples,
        signal,
      ),
    placeholderData: keepPreviousData,
    refetchInterval: netMs,
  });
}

export function proposalsQuery(state: ProposalState | null) {
  return queryOptions({
    queryKey: ['proposals', state],
    queryFn: async ({ signal }) => {
      const sentMs = Date.now();
      const path = withQuery('/api/proposals', { state, limit: 100 });
      const answer = await getJson(path, proposalList, signal);
      learnServerTime(answer.serverNowMs, sentMs);
      return answer;
    },
    refetchInterval: netMs,
  });
}

export function actionsQuery(range: RangeChoice, service: string) {
  return queryOptions({
    queryKey: ['actions', rangeKey(range), service],
    queryFn: ({ signal }) =>
      getJson(
        withQuery('/api/actions', { ...rangeQuery(range), service, limit: 200 }),
        actionList,
        signal,
      ),
    placeholderData: keepPreviousData,
    refetchInterval: netMs,
  });
}

export const auditQuery = queryOptions({
  queryKey: ['audit'],
  queryFn: ({ signal }) => getJson('/api/audit?limit=200', auditLog, signal),
});

export const usersQuery = queryOptions({
  queryKey: ['users'],
  queryFn: ({ signal }) => getJson('/api/users', userList, signal),
});
