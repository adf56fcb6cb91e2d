'use client';

import { useQuery } from '@tanstack/react-query';
import { formatActor, formatDateTime } from '../../lib/format.ts';
import { auditQuery } from '../../lib/queries.ts';
import { VerdictGlyph } from '../ui/glyphs.tsx';
import { Panel } from '../ui/panel.tsx';
import { Empty, Loaded } from '../ui/states.tsx';

/** Who did what. Each entry carries the hash of the one before; the server checks the chain. */
export function Audit() {
  const query = useQuery(auditQuery);
  return (
    <Panel
      title="Audit"
      flush
      aside={
        query.data ? (
          <span className="flex items-center gap-1.5">
            <VerdictGlyph verdict={query.data.intact ? 'ok' : 'bad'} />
            {query.data.intact ? 'chain of hashes is intact' : 'the chain of hashes is broken'}
          </span>
        ) : null
      }
    >
      <Loaded query={query}>
        {({ entries }) =>
          entries.length === 0 ? (
            <Empty title="Nothing has been recorded yet" />
          ) : (
            <ul className="divide-y text-sm">
              {entries.map((entry) => (
                <li
                  key={entry.id}
                  className="grid gap-x-4 px-3 py-1.5 sm:grid-cols-[8.5rem_11rem_10rem_1fr_6rem]"
                >
                  <span className="text-muted">{formatDateTime(entry.atMs)}</span>
                  <span className="min-w-0 truncate font-medium" title={entry.actor}>
                    {formatActor(entry.actor)}
                  </span>
                  <span className="min-w-0 break-words">{entry.action}</span>
                  <span className="min-w-0 break-words">
                    {entry.detail}{' '}
                    <span className="text-xs break-all text-muted">{entry.subject}</span>
                  </span>
                  <code className="font-mono text-xs text-faint" title={entry.hash}>
                    {entry.hash.slice(0, 10)}
                  </code>
                </li>
              ))}
            </ul>
          )
        }
      </Loaded>
    </Panel>
  );
}
