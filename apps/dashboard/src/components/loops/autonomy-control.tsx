'use client';

import type { Autonomy, Loop } from '@flyball/contract';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import clsx from 'clsx';
import { useState } from 'react';
import { mutateOnly } from '../../lib/api.ts';
import { autonomies, autonomyWords, loopHref } from '../../lib/loop-words.ts';
import { useAccess } from '../../lib/use-session.ts';
import { Button } from '../ui/button.tsx';
import { Dialog } from '../ui/dialog.tsx';
import { Field } from '../ui/field.tsx';
import { Failure } from '../ui/states.tsx';

/** How far the loop may go by itself; a change is asked about and goes into the audit. */
export function AutonomyControl({ loop }: { loop: Loop }) {
  const { mayAct, whyNot } = useAccess();
  const [wanted, setWanted] = useState<Autonomy | null>(null);
  return (
    <div className="mt-4">
      <div className="mb-1 text-xs text-muted">Autonomy: {autonomyWords[loop.autonomy].about}</div>
      <fieldset aria-label="Autonomy" className="inline-flex rounded-md border" title={whyNot}>
        {autonomies.map((autonomy) => (
          <button
            key={autonomy}
            type="button"
            disabled={!mayAct}
            aria-pressed={autonomy === loop.autonomy}
            title={whyNot || autonomyWords[autonomy].about}
            onClick={() => setWanted(autonomy === loop.autonomy ? null : autonomy)}
            className={clsx(
              'h-8 px-3 text-sm first:rounded-l-md last:rounded-r-md max-sm:h-10',
              autonomy === loop.autonomy
                ? 'bg-accent font-medium text-accent-fg'
                : 'text-muted enabled:hover:bg-sunken',
            )}
          >
            {autonomyWords[autonomy].name}
          </button>
        ))}
      </fieldset>
      {mayAct ? null : <p className="mt-1 text-xs text-muted">{whyNot}</p>}
      {wanted === null ? null : (
        <AutonomyDialog loop={loop} wanted={wanted} onClose={() => setWanted(null)} />
      )}
    </div>
  );
}

export function AutonomyDialog(props: { loop: Loop; wanted: Autonomy; onClose: () => void }) {
  const { loop, wanted, onClose } = props;
  const { csrfToken } = useAccess();
  const client = useQueryClient();
  const [reason, setReason] = useState('');
  const change = useMutation({
    mutationFn: () =>
      mutateOnly({
        method: 'POST',
        path: `/api${loopHref(loop.id)}/autonomy`,
        csrfToken,
        body: { autonomy: wanted, reason },
      }),
    onSuccess: async () => {
      await client.invalidateQueries();
      onClose();
    },
  });
  return (
    <Dialog
      open
      onOpenChange={onClose}
      title={`${loop.id}: ${autonomyWords[loop.autonomy].name} to ${autonomyWords[wanted].name}?`}
      description={`The loop then ${autonomyWords[wanted].about}.`}
    >
      <form
        onSubmit={(event) => {
          event.preventDefault();
          change.mutate();
        }}
      >
        <Field
          label="Reason (kept in the audit)"
          value={reason}
          maxLength={500}
          onChange={(event) => setReason(event.target.value)}
        />
        {change.isError ? <Failure error={change.error} /> : null}
        <div className="mt-4 flex justify-end gap-2">
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" look="primary" disabled={change.isPending}>
            Change to {autonomyWords[wanted].name}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
