'use client';

import type { Loop } from '@flyball/contract';
import { useQuery } from '@tanstack/react-query';
import clsx from 'clsx';
import Link from 'next/link';
import { parseAsString, useQueryState } from 'nuqs';
import { formatCount, formatKnob, formatUnit } from '../../lib/format.ts';
import {
  autonomyWords,
  loopHref,
  loopStateVerdicts,
  loopStateWords,
} from '../../lib/loop-words.ts';
import { loopsQuery } from '../../lib/queries.ts';
import { ServicePicker } from '../shell/service-picker.tsx';
import { VerdictGlyph } from '../ui/glyphs.tsx';
import { PageHead, Panel } from '../ui/panel.tsx';
import { Empty, Loaded } from '../ui/states.tsx';
import { Cooldown } from './cooldown.tsx';

export function LoopsPage() {
  const query = useQuery(loopsQuery);
  const [service, setService] = useQueryState('service', parseAsString.withDefault(''));
  return (
    <>
      <PageHead title="Loops">
        <ServicePicker value={service} onChange={(next) => void setService(next || null)} />
      </PageHead>
      <Loaded query={query}>
        {({ loops }) => {
          const shown = loops.filter((loop) => service === '' || loop.service === service);
          return (
            <Panel title={`${shown.length} loops`} flush>
              {shown.length === 0 ? <NoLoops service={service} /> : <LoopTable loops={shown} />}
            </Panel>
          );
        }}
      </Loaded>
    </>
  );
}

function NoLoops({ service }: { service: string }) {
  return (
    <Empty title={service ? `No loop steers ${service}` : 'No loop is defined'}>
      Loops come from policy files: put one into the controller’s policy directory and it is picked
      up. Its loops start in the autonomy the policy names; <code>ask</code> is a good first one.
    </Empty>
  );
}

function LoopTable({ loops }: { loops: readonly Loop[] }) {
  return (
    <ul className="divide-y text-sm">
      <li
        className={clsx(
          'hidden grid-cols-[11rem_10rem_5rem_9rem_9rem_1fr_7rem] gap-4 px-3 py-1.5',
          'text-xs text-muted lg:grid',
        )}
      >
        <span>Loop</span>
        <span>State</span>
        <span>Autonomy</span>
        <span>Measured, setpoint</span>
        <span>Applied</span>
        <span>Reason</span>
        <span className="text-right">Last hour</span>
      </li>
      {loops.map((loop) => (
        <LoopRow key={loop.id} loop={loop} />
      ))}
    </ul>
  );
}

function LoopRow({ loop }: { loop: Loop }) {
  const { last } = loop;
  return (
    <li>
      <Link
        href={loopHref(loop.id)}
        className={clsx(
          'grid grid-cols-2 gap-x-4 gap-y-1 px-3 py-2 hover:bg-sunken',
          'lg:grid-cols-[11rem_10rem_5rem_9rem_9rem_1fr_7rem]',
        )}
      >
        <span>
          <span className="block font-medium">{loop.id}</span>
          <span className="block text-xs text-muted">{loop.law}</span>
        </span>
        <span>
          <span className="flex items-center gap-1.5">
            <VerdictGlyph verdict={loopStateVerdicts[loop.state]} />
            {loopStateWords[loop.state]}
          </span>
          <Cooldown untilMs={loop.cooldownUntilMs} />
        </span>
        <span>
          <span className="text-xs text-muted lg:hidden">Autonomy </span>
          {autonomyWords[loop.autonomy].name}
        </span>
        <span>
          <span className="text-xs text-muted lg:hidden">Measured </span>
          {formatUnit(last?.measured ?? null, loop.signalUnit)}
          <span className="block text-xs text-muted">
            {last?.setpoint == null
              ? loop.signal
              : `of ${formatUnit(last.setpoint, loop.signalUnit)}`}
          </span>
        </span>
        <span className="min-w-0 truncate" title={formatKnob(last?.applied ?? null, loop.knobUnit)}>
          <span className="text-xs text-muted lg:hidden">Applied </span>
          {formatKnob(last?.applied ?? null, loop.knobUnit)}
        </span>
        <span className="min-w-0 max-lg:col-span-2">{last?.text ?? 'has not run yet'}</span>
        <span className="text-right text-xs text-muted max-lg:hidden">
          {formatCount(loop.actionsPerHour, 'action')}
          <span className="block">{formatCount(loop.reversalsPerHour, 'reversal')}</span>
        </span>
      </Link>
    </li>
  );
}
