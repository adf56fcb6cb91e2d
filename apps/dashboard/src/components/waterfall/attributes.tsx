'use client';

import clsx from 'clsx';
import Link from 'next/link';
import { attributePath } from '../../lib/trace-form.ts';

type Props = { title?: string; values: Record<string, string>; closed?: boolean };

/** Keys and values; each can be searched for. */
export function Attributes({ title, values, closed }: Props) {
  const entries = Object.entries(values).sort(([a], [b]) => (a < b ? -1 : 1));
  if (entries.length === 0) return null;
  const list = (
    <dl className="divide-y text-xs">
      {entries.map(([key, value]) => (
        <div key={key} className="group grid grid-cols-[minmax(6rem,40%)_1fr] gap-2 py-1">
          <dt className="min-w-0 break-words text-muted">{key}</dt>
          <dd className="min-w-0 font-mono break-words whitespace-pre-wrap">
            {value}
            {value.length <= 200 && title === 'Attributes' ? (
              <Link
                href={attributePath(key, value)}
                prefetch={false}
                className={clsx(
                  'ml-2 font-sans text-accent opacity-0 group-hover:opacity-100',
                  'focus:opacity-100',
                )}
              >
                find
              </Link>
            ) : null}
          </dd>
        </div>
      ))}
    </dl>
  );
  if (!title) return list;
  return (
    <details open={!closed}>
      <summary className="label-caps mb-1">
        {title} ({entries.length})
      </summary>
      {list}
    </details>
  );
}
