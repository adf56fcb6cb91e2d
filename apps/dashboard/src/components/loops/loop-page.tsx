'use client';

import type { Loop } from '@flyball/contract';
import { useQuery } from '@tanstack/react-query';
import Link from 'next/link';
import { ApiFailure } from '../../lib/api.ts';
import { formatCount, formatMs } from '../../lib/format.ts';
import { loopStateVerdicts, loopStateWords } from '../../lib/loop-words.ts';
import { loopQuery, samplesQuery } from '../../lib/queries.ts';
import { useRange } from '../../lib/use-range.ts';
import { RangePicker } from '../shell/range-picker.tsx';
import { buttonClass } from '../ui/button.tsx';
import { TraceLinks } from '../ui/evidence-table.tsx';
import { VerdictGlyph } from '../ui/glyphs.tsx';
import { PageHead, Panel } from '../ui/panel.tsx';
import { Empty, Loaded, Skeleton } from '../ui/states.tsx';
import { AutonomyControl } from './autonomy-control.tsx';
import { Cooldown } from './cooldown.tsx';
import { Guards } from './guards.tsx';
import { LoopCharts } from './loop-charts.tsx';
import { ReasonLog } from './reason-log.tsx';

type Props = { service: string; name: string };

export function LoopPage({ service, name }: Props) {
  const query = useQuery(loopQuery(service, name));
  if (query.error instanceof ApiFailure && query.error.status === 404) {
    return (
      <div className="rounded-md border bg-surface">
        <Empty title={`There is no loop ${service}/${name}`}>
          {query.error.message}{' '}
          <Link className="underline" href="/loops">
            See all loops
          </Link>
          .
        </Empty>
      </div>
    );
  }
  return (
    <>
      <PageHead title={`${service}/${name}`}>
        <RangePicker />
      </PageHead>
      <Loaded query={query}>
        {(loop) => (
          <div className="space-y-4">
            <Now loop={loop} />
            <History loop={loop} />
          </div>
        )}
      </Loaded>
    </>
  );
}

/** What the loop does at this moment and why, in the controller's words. */
function Now({ loop }: { loop: Loop }) {
  const facts = [
    ['Law', loop.law],
    ['Signal', loop.signal],
    ['Actuator', loop.actuator],
    ['Every', formatMs(loop.everyMs)],
    [
      'Last hour',
      [
        formatCount(loop.actionsPerHour, 'action'),
        formatCount(loop.reversalsPerHour, 'reversal'),
      ].join(', '),
    ],
    [
      'Evidence',
      loop.last?.evidenceAgeMs == null ? 'none' : `${formatMs(loop.last.evidenceAgeMs)} old`,
    ],
  ];
  return (
    <div className="grid gap-4 xl:grid-cols-2">
      <Panel
        title={
          <span className="flex items-center gap-2">
            <VerdictGlyph verdict={loopStateVerdicts[loop.state]} />
            {loopStateWords[loop.state]}
            <span className="text-xs font-normal">
              <Cooldown untilMs={loop.cooldownUntilMs} />
            </span>
          </span>
        }
        aside={
          <>
            <span>this cycle</span>
            <TraceLinks ids={loop.last?.traceId ? [loop.last.traceId] : []} />
          </>
        }
      >
        <p>{loop.last?.text ?? 'This loop has not run yet.'}</p>
        {loop.pendingProposalId ? (
          <p className="mt-2">
            <Link
              className={buttonClass('primary', true)}
              href={`/actions?id=${encodeURIComponent(loop.pendingProposalId)}`}
            >
              Decide its proposal
            </Link>
          </p>
        ) : null}
        <dl className="mt-3 grid grid-cols-2 gap-x-4 gap-y-1 text-sm sm:grid-cols-3">
          {facts.map(([fact, value]) => (
            <div key={fact}>
              <dt className="text-xs text-muted">{fact}</dt>
              <dd>{value}</dd>
            </div>
          ))}
        </dl>
        <AutonomyControl loop={loop} />
      </Panel>
      <Panel title="Guards on the last proposal">
        <Guards guards={loop.guards} />
      </Panel>
    </div>
  );
}

function History({ loop }: { loop: Loop }) {
  const [range] = useRange();
  const query = useQuery(samplesQuery(loop.service, loop.name, range));
  return (
    <Loaded query={query} skeleton={<Skeleton className="h-96" />}>
      {(answer) =>
        answer.samples.length === 0 ? (
          <div className="rounded-md border bg-surface">
            <Empty title="No tick of this loop in this range">
              It runs every {formatMs(loop.everyMs)}. Choose a longer range, or check that the
              controller is running and the loop is not off.
            </Empty>
          </div>
        ) : (
          <div className="space-y-4" aria-busy={query.isPlaceholderData}>
            <LoopCharts loop={loop} answer={answer} />
            <ReasonLog loop={loop} samples={answer.samples} />
          </div>
        )
      }
    </Loaded>
  );
}
