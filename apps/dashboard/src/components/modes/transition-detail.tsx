'use client';

import type { ModeTransition } from '@flyball/contract';
import { X } from 'lucide-react';
import { formatDateTime, formatMs } from '../../lib/format.ts';
import { IconButton } from '../ui/button.tsx';
import { EvidenceTable, TraceLinks } from '../ui/evidence-table.tsx';
import { Arrow, ModeLabel } from '../ui/glyphs.tsx';
import { Panel } from '../ui/panel.tsx';

type Props = { transition: ModeTransition; onClose: () => void };

export function TransitionDetail({ transition, onClose }: Props) {
  const { service, from, to, atMs, cause, dimension, dwellMs, evidence, traceId } = transition;
  return (
    <Panel
      title={`Why ${service} changed at ${formatDateTime(atMs)}`}
      aside={
        <IconButton label="Close" onClick={onClose}>
          <X size={15} aria-hidden />
        </IconButton>
      }
    >
      <p className="flex flex-wrap items-center gap-2">
        <ModeLabel mode={from} /> <Arrow /> <ModeLabel mode={to} />
      </p>
      <p className="mt-2">{cause}</p>
      <dl className="mt-2 flex flex-wrap gap-x-6 gap-y-1 text-sm">
        <Fact name="Dimension" value={dimension ?? 'none in particular'} />
        <Fact name="Held for" value={dwellMs === null ? '–' : formatMs(dwellMs)} />
        <div className="flex gap-1.5">
          <dt className="text-muted">The cycle that decided</dt>
          <dd>
            <TraceLinks ids={traceId === null ? [] : [traceId]} />
          </dd>
        </div>
      </dl>
      <h3 className="label-caps mt-4 mb-1">Evidence</h3>
      <EvidenceTable evidence={evidence} />
    </Panel>
  );
}

function Fact({ name, value }: { name: string; value: string }) {
  return (
    <div className="flex gap-1.5">
      <dt className="text-muted">{name}</dt>
      <dd>{value}</dd>
    </div>
  );
}
