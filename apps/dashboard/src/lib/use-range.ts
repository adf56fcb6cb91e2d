'use client';

import { useSearchParams } from 'next/navigation';
import { parseAsInteger, parseAsStringLiteral, useQueryStates } from 'nuqs';
import { useMemo } from 'react';
import { chooseRange, defaultPreset, presetIds, type RangeChoice } from './time-range.ts';

const parsers = {
  range: parseAsStringLiteral(presetIds).withDefault(defaultPreset),
  from: parseAsInteger,
  to: parseAsInteger,
};

/** The time range of the page, held in its URL. */
export function useRange(): [RangeChoice, (choice: RangeChoice) => void] {
  const [{ range, from, to }, setParams] = useQueryStates(parsers, { history: 'push' });
  const choice = useMemo(() => chooseRange(range, from, to), [range, from, to]);
  const choose = (next: RangeChoice) => {
    void setParams(
      next.kind === 'preset'
        ? { range: next.id, from: null, to: null }
        : { range: null, from: next.fromMs, to: next.toMs },
    );
  };
  return [choice, choose];
}

/** A link within the dashboard that keeps the time range one is looking at. */
export function useRangeLink(): (path: string) => string {
  const params = useSearchParams();
  return (path) => {
    const kept = new URLSearchParams();
    for (const name of ['range', 'from', 'to']) {
      const value = params.get(name);
      if (value !== null) kept.set(name, value);
    }
    const text = kept.toString();
    if (text === '') return path;
    return path.includes('?') ? `${path}&${text}` : `${path}?${text}`;
  };
}
