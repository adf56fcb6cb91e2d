'use client';

import { createdUser, type Role } from '@flyball/contract';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { mutateJson } from '../../lib/api.ts';
import { useAccess } from '../../lib/use-session.ts';
import { Button } from '../ui/button.tsx';
import { Dialog } from '../ui/dialog.tsx';
import { Field, SelectField } from '../ui/field.tsx';
import { Failure } from '../ui/states.tsx';
import type { Invitation } from './invitation.tsx';
import { roles, roleWords } from './roles.ts';

type Props = {
  open: boolean;
  onOpenChange: (open: boolean) => void;
  onInvitation: (invitation: Invitation) => void;
};

export function AddUser({ open, onOpenChange, onInvitation }: Props) {
  const { csrfToken } = useAccess();
  const client = useQueryClient();
  const [username, setUsername] = useState('');
  const [role, setRole] = useState<Role>('viewer');
  const add = useMutation({
    mutationFn: () =>
      mutateJson(
        { method: 'POST', path: '/api/users', csrfToken, body: { username, role } },
        createdUser,
      ),
    onSuccess: ({ user, signInPath, expiresAtMs }) => {
      void client.invalidateQueries({ queryKey: ['users'] });
      onOpenChange(false);
      setUsername('');
      onInvitation({ username: user.username, signInPath, expiresAtMs });
    },
  });
  return (
    <Dialog open={open} onOpenChange={onOpenChange} title="Invite a user">
      <form
        className="space-y-3"
        onSubmit={(event) => {
          event.preventDefault();
          add.mutate();
        }}
      >
        <Field
          label="User name"
          required
          autoComplete="off"
          autoCapitalize="none"
          pattern="[a-z0-9][a-z0-9._\-]{1,62}"
          hint="2 to 63 of a–z, 0–9, dot, dash and underscore"
          value={username}
          onChange={(event) => setUsername(event.target.value)}
        />
        <SelectField
          label="Role"
          value={role}
          onChange={(event) => setRole(event.target.value as Role)}
        >
          {roles.map((each) => (
            <option key={each} value={each}>
              {each}: {roleWords[each]}
            </option>
          ))}
        </SelectField>
        {add.isError ? <Failure error={add.error} /> : null}
        <div className="flex justify-end gap-2">
          <Button onClick={() => onOpenChange(false)}>Cancel</Button>
          <Button type="submit" look="primary" disabled={add.isPending}>
            Make the link
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
