'use client';

import type { Proposal } from '@flyball/contract';
import { useState } from 'react';
import { Button } from '../ui/button.tsx';
import { Dialog } from '../ui/dialog.tsx';
import { Field } from '../ui/field.tsx';

type Props = { proposal: Proposal; onClose: () => void; onConfirm: () => void };

/** A large blast radius asks for more than a click. */
export function TypeToConfirm({ proposal, onClose, onConfirm }: Props) {
  const [typed, setTyped] = useState('');
  const matches = typed.trim() === proposal.service;
  return (
    <Dialog
      open
      onOpenChange={onClose}
      title={proposal.title}
      description={`${proposal.blastRadius.text}. To approve, type the service’s name.`}
    >
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (matches) onConfirm();
        }}
      >
        <Field
          label={`Type "${proposal.service}"`}
          autoComplete="off"
          autoCapitalize="none"
          spellCheck={false}
          value={typed}
          onChange={(event) => setTyped(event.target.value)}
        />
        <div className="mt-4 flex justify-end gap-2">
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" look="primary" disabled={!matches}>
            Approve
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
