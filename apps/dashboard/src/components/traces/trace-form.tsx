'use client';

import { useQuery } from '@tanstack/react-query';
import clsx from 'clsx';
import { Search } from 'lucide-react';
import { useState } from 'react';
import { servicesQuery, type TraceFilter } from '../../lib/queries.ts';
import {
  parseAttributes,
  parseDuration,
  writeAttributes,
  writeDuration,
} from '../../lib/trace-form.ts';
import { Button } from '../ui/button.tsx';
import { Field, SelectField } from '../ui/field.tsx';

type Props = { filter: TraceFilter; onSearch: (filter: TraceFilter) => void };

type Draft = {
  service: string;
  operation: string;
  status: 'error' | 'ok' | '';
  shortest: string;
  longest: string;
  attributes: string;
};

const none: TraceFilter = {
  service: '',
  operation: '',
  status: null,
  minDurationMs: null,
  maxDurationMs: null,
  attributes: [],
};

export function TraceForm({ filter, onSearch }: Props) {
  const [draft, setDraft] = useState<Draft>(() => draftOf(filter));
  const [problem, setProblem] = useState('');
  const change = (part: Partial<Draft>) => setDraft({ ...draft, ...part });
  const submit = () => {
    const read = readDraft(draft);
    setProblem(read.ok ? '' : read.message);
    if (read.ok) onSearch(read.value);
  };
  return (
    <form
      aria-label="Search traces"
      className={clsx(
        'grid grid-cols-6 items-end gap-2 rounded-md border bg-surface p-3',
        'lg:grid-cols-[1fr_1.3fr_7rem_6rem_6rem_1.6fr_auto]',
      )}
      onSubmit={(event) => {
        event.preventDefault();
        submit();
      }}
    >
      <Suggestions draft={draft} onChange={change} />
      <SelectField
        className="col-span-2 lg:col-span-1"
        label="Status"
        value={draft.status}
        onChange={(event) => change({ status: event.target.value as Draft['status'] })}
      >
        <option value="">any</option>
        <option value="error">error</option>
        <option value="ok">no error</option>
      </SelectField>
      <Field
        className="col-span-2 lg:col-span-1"
        label="At least"
        placeholder="250ms"
        value={draft.shortest}
        onChange={(event) => change({ shortest: event.target.value })}
      />
      <Field
        className="col-span-2 lg:col-span-1"
        label="At most"
        placeholder="2s"
        value={draft.longest}
        onChange={(event) => change({ longest: event.target.value })}
      />
      <Field
        className="col-span-6 lg:col-span-1"
        label="Attributes, all on one span"
        placeholder='http.route=/orders user.id="8841"'
        value={draft.attributes}
        onChange={(event) => change({ attributes: event.target.value })}
      />
      <div className="col-span-6 flex gap-2 lg:col-span-1">
        <Button type="submit" look="primary">
          <Search size={14} aria-hidden /> Search
        </Button>
        <Button onClick={() => onSearch(none)}>Clear</Button>
      </div>
      {problem === '' ? null : (
        <p role="alert" className="col-span-full text-sm text-bad">
          {problem}
        </p>
      )}
    </form>
  );
}

function Suggestions(props: { draft: Draft; onChange: (part: Partial<Draft>) => void }) {
  const services = useQuery(servicesQuery).data?.services ?? [];
  const { draft, onChange } = props;
  const operations =
    services.find(({ service }) => service === draft.service)?.operations ??
    services.flatMap((each) => each.operations);
  return (
    <>
      <Field
        className="col-span-3 lg:col-span-1"
        label="Service"
        list="known-services"
        placeholder="any"
        value={draft.service}
        onChange={(event) => onChange({ service: event.target.value })}
      />
      <datalist id="known-services">
        {services.map(({ service }) => (
          <option key={service} value={service} />
        ))}
      </datalist>
      <Field
        className="col-span-3 lg:col-span-1"
        label="Operation"
        list="known-operations"
        placeholder="any"
        value={draft.operation}
        onChange={(event) => onChange({ operation: event.target.value })}
      />
      <datalist id="known-operations">
        {[...new Set(operations)].slice(0, 300).map((operation) => (
          <option key={operation} value={operation} />
        ))}
      </datalist>
    </>
  );
}

function draftOf(filter: TraceFilter): Draft {
  return {
    service: filter.service,
    operation: filter.operation,
    status: filter.status ?? '',
    shortest: writeDuration(filter.minDurationMs),
    longest: writeDuration(filter.maxDurationMs),
    attributes: writeAttributes(filter.attributes),
  };
}

function readDraft(
  draft: Draft,
): { ok: true; value: TraceFilter } | { ok: false; message: string } {
  const shortest = parseDuration(draft.shortest);
  if (!shortest.ok) return shortest;
  const longest = parseDuration(draft.longest);
  if (!longest.ok) return longest;
  const attributes = parseAttributes(draft.attributes);
  if (!attributes.ok) return attributes;
  if (shortest.value !== null && longest.value !== null && shortest.value > longest.value) {
    return { ok: false, message: '"At least" is longer than "at most": nothing can fit both.' };
  }
  return {
    ok: true,
    value: {
      service: draft.service.trim(),
      operation: draft.operation.trim(),
      status: draft.status === '' ? null : draft.status,
      minDurationMs: shortest.value,
      maxDurationMs: longest.value,
      attributes: attributes.value,
    },
  };
}
