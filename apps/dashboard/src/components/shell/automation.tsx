'use client';

import type { Automation } from '@flyball/contract';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { OctagonX } from 'lucide-react';
import { useState } from 'react';
import { mutateOnly } from '../../lib/api.ts';
import { formatActor } from '../../lib/format.ts';
import { overviewQuery } from '../../lib/queries.ts';
import { useAccess } from '../../lib/use-session.ts';
import { Age } from '../ui/age.tsx';
import { Button } from '../ui/button.tsx';
import { Dialog } from '../ui/dialog.tsx';
import { Field } from '../ui/field.tsx';
import { Failure } from '../ui/states.tsx';

function useAutomation(): Automation | null {
  const { data } = useQuery(overviewQuery);
  return data?.automation ?? null;
}

function useChangeAutomation(command: 'stop' | 'resume', onDone: () => void) {
  const { csrfToken } = useAccess();
  const client = useQueryClient();
  return useMutation({
    mutationFn: (reason: string) =>
      mutateOnly({
        method: 'POST',
        path: `/api/automation/${command}`,
        csrfToken,
        body: { reason },
      }),
    onSuccess: async () => {
      await client.invalidateQueries();
      onDone();
    },
  });
}

/** One click, without a question: stopping is safe and can be undone, delay cannot. */
export function StopAutomation() {
  const automation = useAutomation();
  const { mayAct, whyNot } = useAccess();
  const stop = useChangeAutomation('stop', () => undefined);
  if (automation === null || automation.stopped) return null;
  return (
    <>
      <Button
        small
        look="danger"
        disabled={!mayAct || stop.isPending}
        title={whyNot || 'No loop will change anything until somebody resumes'}
        onClick={() => stop.mutate('')}
      >
        <OctagonX size={14} aria-hidden />
        <span className="max-sm:sr-only">Stop all automation</span>
      </Button>
      <Dialog
        open={stop.isError}
        onOpenChange={() => stop.reset()}
        title="Automation was not stopped"
      >
        <Failure error={stop.error} onRetry={() => stop.mutate('')} />
      </Dialog>
    </>
  );
}

export function StoppedBanner() {
  const automation = useAutomation();
  const { mayAct, whyNot } = useAccess();
  const [open, setOpen] = useState(false);
  if (!automation?.stopped) return null;
  return (
    <div
      role="status"
      className="flex flex-wrap items-center gap-x-3 gap-y-1 border-b bg-bad-soft px-3 py-2 text-sm"
    >
      <OctagonX size={15} aria-hidden className="text-bad" />
      <span>
        <strong className="font-semibold">All automation is stopped</strong>
        {automation.by ? ` by ${formatActor(automation.by)}` : ''}
        {automation.atMs ? (
          <>
            {' '}
            <Age atMs={automation.atMs} />
          </>
        ) : null}
        {automation.reason ? `: ${automation.reason}` : '.'} Loops watch but change nothing.
      </span>
      <Button
        small
        className="ml-auto"
        disabled={!mayAct}
        title={whyNot}
        onClick={() => setOpen(true)}
      >
        Resume automation
      </Button>
      <ResumeDialog open={open} onOpenChange={setOpen} />
    </div>
  );
}

function ResumeDialog(props: { open: boolean; onOpenChange: (open: boolean) => void }) {
  const [reason, setReason] = useState('');
  const resume = useChangeAutomation('resume', () => props.onOpenChange(false));
  return (
    <Dialog
      open={props.open}
      onOpenChange={props.onOpenChange}
      title="Resume automation?"
      description="Every loop goes on with the autonomy it had before."
    >
      <form
        onSubmit={(event) => {
          event.preventDefault();
          resume.mutate(reason);
        }}
      >
        <Field
          label="Reason (optional, kept in the audit)"
          value={reason}
          maxLength={500}
          onChange={(event) => setReason(event.target.value)}
        />
        {resume.isError ? <Failure error={resume.error} /> : null}
        <div className="mt-4 flex justify-end gap-2">
          <Button onClick={() => props.onOpenChange(false)}>Cancel</Button>
          <Button type="submit" look="primary" disabled={resume.isPending}>
            Resume automation
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
