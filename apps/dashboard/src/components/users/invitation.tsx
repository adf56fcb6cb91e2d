'use client';

import { formatDateTime } from '../../lib/format.ts';
import { CodeBlock } from '../ui/copy-text.tsx';
import { Dialog } from '../ui/dialog.tsx';

export type Invitation = { username: string; signInPath: string; expiresAtMs: number };

/** The link is shown once; whoever opens it signs in and chooses a password. */
export function InvitationDialog(props: { invitation: Invitation | null; onClose: () => void }) {
  const { invitation, onClose } = props;
  if (invitation === null) return null;
  return (
    <Dialog
      open
      onOpenChange={onClose}
      title={`One-time link for ${invitation.username}`}
      description={
        'Send it by a way you trust. It is not shown again, and works once, until ' +
        `${formatDateTime(invitation.expiresAtMs)}.`
      }
    >
      <CodeBlock text={new URL(invitation.signInPath, window.location.origin).href} />
    </Dialog>
  );
}
