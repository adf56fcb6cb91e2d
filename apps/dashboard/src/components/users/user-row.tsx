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
  const [removing, setRemoving] = useState(false);
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
      <Button small disabled={reset.isPending} onClick={() => reset.mutate()}>
        New sign-in link
      </Button>
      <Button small look="danger" disabled={isSelf} onClick={() => setRemoving(true)}>
        Remove
      </Button>
      {failure ? (
        <div className="w-full">
          <Failure error={failure.error} />
        </div>
      ) : null}
      <Dialog
        open={removing}
        onOpenChange={setRemoving}
        title={`Remove ${user.username}?`}
        description="Their sessions end at once. What they decided stays in the audit."
      >
        <div className="flex justify-end gap-2">
          <Button onClick={() => setRemoving(false)}>Cancel</Button>
          <Button
            look="danger"
            onClick={() => {
              setRemoving(false);
              remove.mutate();
            }}
          >
            Remove {user.username}
          </Button>
        </div>
      </Dialog>
    </li>
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
