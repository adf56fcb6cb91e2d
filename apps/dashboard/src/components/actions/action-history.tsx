'use client';

import type { Action, Verdict } from '@flyball/contract';
import { useQuery } from '@tanstack/react-query';
import Link from 'next/link';
import { parseAsBoolean, useQueryState } from 'nuqs';
import { formatActor, formatDateTime, formatKnob, formatMs } from '../../lib/format.ts';
import { loopHref } from '../../lib/loop-words.ts';
import { actionsQuery } from '../../lib/queries.ts';
import { useRange } from '../../lib/use-range.ts';
import { Button } from '../ui/button.tsx';
import { TraceLinks } from '../ui/evidence-table.tsx';
import { VerdictGlyph } from '../ui/glyphs.tsx';
import { Panel } from '../ui/panel.tsx';
import { Empty, Loaded } from '../ui/states.tsx';

const states: Record<Action['state'], { verdict: Verdict; word: string }> = {
  queued: { verdict: 'unknown', word: 'Queued' },
  running: { verdict: 'unknown', word: 'Running' },
  succeeded: { verdict: 'ok', word: 'Done' },
  failed: { verdict: 'bad', word: 'Failed' },
  refused: { verdict: 'warn', word: 'Refused' },
};

const outcomes: Record<Action['verification']['state'], { verdict: Verdict; word: string }> = {
  waiting: { verdict: 'unknown', word: 'not judged yet' },
  helped: { verdict: 'ok', word: 'helped' },
  'no-effect': { verdict: 'warn', word: 'no effect' },
  harmed: { verdict: 'bad', word: 'harmed' },
  'not-judged': { verdict: 'unknown', word: 'not judged' },
};

/** What was done, whether it took, and whether it helped. */
export function ActionHistory({ service }: { service: string }) {
  const [range] = useRange();
  const query = useQuery(actionsQuery(range, service));
  const [byPeople, setByPeople] = useQueryState('people', parseAsBoolean.withDefault(false));
  return (
    <Panel
      title="Carried out"
      flush
      aside={
        <Button
          small
          aria-pressed={byPeople}
          look={byPeople ? 'primary' : 'secondary'}
          onClick={() => void setByPeople(byPeople ? null : true)}
        >
          Only what people approved
        </Button>
      }
    >
      <Loaded query={query}>
        {({ actions: all }) => {
          const actions = all.filter(({ approvedBy }) => !byPeople || isPerson(approvedBy));
          return actions.length === 0 ? (
            <Empty title="No action in this range">
              Approved proposals and what loops do alone (autonomy <code>auto</code>) are listed
              here with what the actuator read back.
            </Empty>
          ) : (
            <ul className="divide-y text-sm">
              {actions.map((action) => (
                <ActionRow key={action.id} action={action} />
              ))}
            </ul>
          );
        }}
      </Loaded>
    </Panel>
  );
}

function isPerson(actor: string): boolean {
  return !/^(auto|policy:|controller:)/.test(actor);
}

function ActionRow({ action }: { action: Action }) {
  const state = states[action.state];
  const outcome = outcomes[action.verification.state];
  const tookMs =
    action.finishedAtMs === null || action.startedAtMs === null
      ? null
      : action.finishedAtMs - action.startedAtMs;
  return (
    <li className="grid gap-x-5 gap-y-1 px-3 py-2 lg:grid-cols-[8.5rem_1.3fr_1fr_1.2fr]">
      <span className="text-muted">
        {formatDateTime(action.queuedAtMs)}
        <span className="block text-xs">approved by {formatActor(action.approvedBy)}</span>
      </span>
      <span className="min-w-0">
        <span className="block font-medium">{action.title}</span>
        <span className="flex gap-3 text-xs">
          <Link className="text-accent hover:underline" href={loopHref(action.loopId)}>
            {action.loopId}
          </Link>
          <TraceLinks ids={action.traceId ? [action.traceId] : []} />
        </span>
      </span>
      <span className="min-w-0">
        <span className="flex items-center gap-1.5">
          <VerdictGlyph verdict={state.verdict} /> {state.word}
          {tookMs === null ? '' : ` in ${formatMs(tookMs)}`}
        </span>
        <span className="block text-xs text-muted">
          {action.error ?? `read back: ${formatKnob(action.readBack, action.unit)}`}
          {action.attempts > 1 ? ` · ${action.attempts} attempts` : ''}
        </span>
      </span>
      <span className="min-w-0">
        <span className="flex items-center gap-1.5">
          <VerdictGlyph verdict={outcome.verdict} /> {outcome.word}
        </span>
        <span className="block text-xs text-muted">{action.verification.text}</span>
      </span>
    </li>
  );
}
