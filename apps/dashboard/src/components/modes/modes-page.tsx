'use client';

import type { ModeHistory } from '@flyball/contract';
import { useQuery } from '@tanstack/react-query';
import Link from 'next/link';
import { parseAsString, useQueryStates } from 'nuqs';
import { modesQuery } from '../../lib/queries.ts';
import { useRange } from '../../lib/use-range.ts';
import { RangePicker } from '../shell/range-picker.tsx';
import { ServicePicker } from '../shell/service-picker.tsx';
import { PageHead, Panel } from '../ui/panel.tsx';
import { Empty, Loaded } from '../ui/states.tsx';
import { ModeLanes } from './mode-lanes.tsx';
import { TransitionDetail } from './transition-detail.tsx';
import { TransitionList } from './transition-list.tsx';

export function ModesPage() {
  const [range] = useRange();
  const [{ service, transition }, setParams] = useQueryStates({
    service: parseAsString.withDefault(''),
    transition: parseAsString,
  });
  const query = useQuery(modesQuery(range, service));
  const choose = (id: string | null) => void setParams({ transition: id });
  return (
    <>
      <PageHead title="Modes">
        <ServicePicker
          value={service}
          onChange={(next) => void setParams({ service: next || null, transition: null })}
        />
        <RangePicker />
      </PageHead>
      <Loaded query={query}>
        {(history) =>
          history.services.length === 0 ? (
            <NoHistory service={service} />
          ) : (
            <History history={history} chosen={transition} onChoose={choose} />
          )
        }
      </Loaded>
    </>
  );
}

function History(props: {
  history: ModeHistory;
  chosen: string | null;
  onChoose: (id: string | null) => void;
}) {
  const { history, chosen, onChoose } = props;
  const transition = history.transitions.find(({ id }) => id === chosen) ?? null;
  return (
    <div className="space-y-4">
      <Panel title="Timeline" aside={<span>arrow keys walk a lane, Enter opens the cause</span>}>
        <ModeLanes history={history} chosen={chosen} onChoose={onChoose} />
      </Panel>
      {transition ? (
        <TransitionDetail transition={transition} onClose={() => onChoose(null)} />
      ) : null}
      <Panel
        title="Transitions"
        flush
        aside={<span>{history.transitions.length} · newest first</span>}
      >
        <TransitionList transitions={history.transitions} chosen={chosen} onChoose={onChoose} />
      </Panel>
    </div>
  );
}

function NoHistory({ service }: { service: string }) {
  return (
    <div className="rounded-md border bg-surface">
      <Empty title={service ? `No mode of ${service} in this range` : 'No modes in this range'}>
        Modes are computed for services that have a policy and send telemetry. Choose a longer
        range, or see the{' '}
        <Link className="underline" href="/">
          overview
        </Link>{' '}
        for how to send data.
      </Empty>
    </div>
  );
}
