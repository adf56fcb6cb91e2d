'use client';

import { createdUser, type Role, type User } from '@flyball/contract';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { mutateJson, mutateOnly } from '../../lib/api.ts';
import { useAccess } from '../../lib/use-session.ts';
import { Button } from '../ui/button.tsx';
import { Dialog } from '../ui/dialog.tsx';
import { inputClass } from '../ui/field.tsx';
import { Failure } from '../ui/states.tsx';
import type { Invitation } from './invitation.tsx';
import { roles } from './roles.ts';

type Props = { user: User; onInvitation: (invitation: Invitation) => void };

export function UserRow({ user, onInvitation }: Props) {
  const access = useAccess();
  const changes = useUserChanges(user, onInvitation);
  const [asking, setAsking] = useState<'reset' | 'remove' | null>(null);
  const isSelf = access.user?.id === user.id;
  const failure = changes.find(({ isError }) => isError);
  const [setRole, reset, remove] = changes;
  return (
    <li className="flex flex-wrap items-center gap-x-4 gap-y-2 px-3 py-2">
      <span className="min-w-40 flex-1">
        <span className="font-medium">{user.username}</span>
        {isSelf ? <span className="text-muted"> (you)</span> : null}
        {user.mustChangePassword ? (
          <span className="block text-xs text-muted">has not chosen a password yet</span>
        ) : null}
      </span>
      <select
        aria-label={`Role of ${user.username}`}
        title={isSelf ? 'Another admin has to change your role' : ''}
        className={`${inputClass} w-32`}
        disabled={isSelf || setRole.isPending}
        value={user.role}
        onChange={(event) => setRole.mutate(event.target.value as Role)}
      >
        {roles.map((role) => (
          <option key={role}>{role}</option>
        ))}
      </select>
      <Button
        small
        disabled={isSelf || reset.isPending}
        title={isSelf ? 'Change your own password in the menu at the top' : ''}
        onClick={() => setAsking('reset')}
      >
        New sign-in link
      </Button>
      <Button small look="danger" disabled={isSelf} onClick={() => setAsking('remove')}>
        Remove
      </Button>
      {failure ? (
        <div className="w-full">
          <Failure error={failure.error} />
        </div>
      ) : null}
      {asking === null ? null : (
        <Confirm
          {...questions[asking]}
          username={user.username}
          onClose={() => setAsking(null)}
          onConfirm={() => (asking === 'reset' ? reset : remove).mutate()}
        />
      )}
    </li>
  );
}

const questions = {
  reset: {
    title: 'Make a new sign-in link?',
    about: 'The present password stops working and open sessions end at once.',
    button: 'Make the link',
  },
  remove: {
    title: 'Remove this user?',
    about: 'Open sessions end at once. What they decided stays in the audit.',
    button: 'Remove',
  },
};

function Confirm(props: {
  title: string;
  about: string;
  button: string;
  username: string;
  onClose: () => void;
  onConfirm: () => void;
}) {
  return (
    <Dialog
      open
      onOpenChange={props.onClose}
      title={`${props.username}: ${props.title}`}
      description={props.about}
    >
      <div className="flex justify-end gap-2">
        <Button onClick={props.onClose}>Cancel</Button>
        <Button
          look="danger"
          onClick={() => {
            props.onClose();
            props.onConfirm();
          }}
        >
          {props.button}
        </Button>
      </div>
    </Dialog>
  );
}

function useUserChanges(user: User, onInvitation: (invitation: Invitation) => void) {
  const { csrfToken } = useAccess();
  const client = useQueryClient();
  const path = `/api/users/${encodeURIComponent(user.id)}`;
  const onSettled = () => client.invalidateQueries({ queryKey: ['users'] });
  const setRole = useMutation({
    mutationFn: (role: Role) => mutateOnly({ method: 'PATCH', path, csrfToken, body: { role } }),
    onSettled,
  });
  const reset = useMutation({
    mutationFn: () =>
      mutateJson({ method: 'PATCH', path, csrfToken, body: { resetPassword: true } }, createdUser),
    onSuccess: ({ signInPath, expiresAtMs }) =>
      onInvitation({ username: user.username, signInPath, expiresAtMs }),
    onSettled,
  });
  const remove = useMutation({
    mutationFn: () => mutateOnly({ method: 'DELETE', path, csrfToken }),
    onSettled,
  });
  return [setRole, reset, remove] as const;
}
