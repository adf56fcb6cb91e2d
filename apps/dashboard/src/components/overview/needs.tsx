'use client';

import type { Overview } from '@flyball/contract';
import clsx from 'clsx';
import { ChevronRight } from 'lucide-react';
import Link from 'next/link';
import { Age } from '../ui/age.tsx';
import { VerdictGlyph } from '../ui/glyphs.tsx';
import { Panel } from '../ui/panel.tsx';

type Need = Overview['needs'][number];

const words = { page: 'now', warn: 'soon', info: 'when there is time' } as const;
const verdicts = { page: 'bad', warn: 'warn', info: 'unknown' } as const;

/** What needs a person, most urgent first, as the server orders it. */
export function Needs({ needs }: { needs: Need[] }) {
  return (
    <Panel
      title={needs.length === 0 ? 'Nothing needs you' : 'Needs you'}
      flush
      aside={needs.length === 0 ? null : <span>most urgent first</span>}
    >
      {needs.length === 0 ? (
        <p className="p-3 text-sm text-muted">
          No proposal waits, every managed service is in its target mode or on its way there, and no
          budget is burning.
        </p>
      ) : (
        <ul className="divide-y">
          {needs.map((need) => (
            <NeedRow key={need.id} need={need} />
          ))}
        </ul>
      )}
    </Panel>
  );
}

function NeedRow({ need }: { need: Need }) {
  return (
    <li>
      <Link
        href={need.href}
        className={clsx(
          'flex items-start gap-2.5 px-3 py-2 hover:bg-sunken',
          need.severity === 'page' && 'bg-bad-soft',
        )}
      >
        <span className="pt-1" title={words[need.severity]}>
          <VerdictGlyph verdict={verdicts[need.severity]} />
        </span>
        <span className="min-w-0 flex-1">
          <span className="block font-medium">{need.title}</span>
          <span className="block text-sm text-muted">{need.detail}</span>
        </span>
        <span className="shrink-0 pt-0.5 text-right text-xs text-muted">
          {need.service ? <span className="block">{need.service}</span> : null}
          <Age atMs={need.sinceMs} />
        </span>
        <ChevronRight size={15} aria-hidden className="mt-1 shrink-0 text-faint" />
      </Link>
    </li>
  );
}
