'use client';

import { useQuery } from '@tanstack/react-query';
import { parseAsString, parseAsStringLiteral, useQueryStates } from 'nuqs';
import { proposalsQuery } from '../../lib/queries.ts';
import { RangePicker } from '../shell/range-picker.tsx';
import { ServicePicker } from '../shell/service-picker.tsx';
import { PageHead } from '../ui/panel.tsx';
import { TabBar } from '../ui/tab-bar.tsx';
import { ActionHistory } from './action-history.tsx';
import { Audit } from './audit.tsx';
import { DecidedProposals } from './decided-proposals.tsx';
import { Pending } from './pending.tsx';

const tabs = ['pending', 'actions', 'proposals', 'audit'] as const;

export function ActionsPage() {
  const [{ tab, service, id }, setParams] = useQueryStates({
    tab: parseAsStringLiteral(tabs).withDefault('pending'),
    service: parseAsString.withDefault(''),
    id: parseAsString,
  });
  const pending = useQuery(proposalsQuery('pending')).data?.proposals.length;
  return (
    <>
      <PageHead title="Actions">
        {tab === 'audit' ? null : (
          <ServicePicker
            value={service}
            onChange={(next) => void setParams({ service: next || null })}
          />
        )}
        {tab === 'actions' ? <RangePicker /> : null}
      </PageHead>
      <TabBar
        label="Actions"
        value={tab}
        onChange={(next) => void setParams({ tab: next, id: null })}
        tabs={[
          { id: 'pending', label: `To decide${pending === undefined ? '' : ` (${pending})`}` },
          { id: 'actions', label: 'Carried out' },
          { id: 'proposals', label: 'Decided' },
          { id: 'audit', label: 'Audit' },
        ]}
      >
        {tab === 'pending' ? <Pending service={service} wanted={id} /> : null}
        {tab === 'actions' ? <ActionHistory service={service} /> : null}
        {tab === 'proposals' ? <DecidedProposals service={service} wanted={id} /> : null}
        {tab === 'audit' ? <Audit /> : null}
      </TabBar>
    </>
  );
}
