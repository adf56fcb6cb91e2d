'use client';

import {
  parseAsArrayOf,
  parseAsFloat,
  parseAsString,
  parseAsStringLiteral,
  useQueryStates,
} from 'nuqs';
import type { TraceFilter } from './queries.ts';

const parsers = {
  service: parseAsString.withDefault(''),
  operation: parseAsString.withDefault(''),
  status: parseAsStringLiteral(['error', 'ok']),
  min: parseAsFloat,
  max: parseAsFloat,
  attribute: parseAsArrayOf(parseAsString).withDefault([]),
};

/** The trace search, held in the URL. */
export function useTraceFilter(): [TraceFilter, (filter: TraceFilter) => void] {
  const [params, setParams] = useQueryStates(parsers, { history: 'push' });
  const { service, operation, status, min, max, attribute } = params;
  const filter: TraceFilter = {
    service,
    operation,
    status,
    minDurationMs: min,
    maxDurationMs: max,
    attributes: attribute,
  };
  const search = (next: TraceFilter) => {
    void setParams({
      service: next.service || null,
      operation: next.operation || null,
      status: next.status,
      min: next.minDurationMs,
      max: next.maxDurationMs,
      attribute: next.attributes.length === 0 ? null : [...next.attributes],
    });
  };
  return [filter, search];
}
