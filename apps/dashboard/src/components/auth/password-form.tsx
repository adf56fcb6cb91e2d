'use client';

import type { User } from '@flyball/contract';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useRouter } from 'next/navigation';
import { useState } from 'react';
import { mutateOnly } from '../../lib/api.ts';
import { Button } from '../ui/button.tsx';
import { Field } from '../ui/field.tsx';
import { Failure } from '../ui/states.tsx';

const shortest = 12;

type Props = { user: User; csrfToken: string; next: string };

export function PasswordForm({ user, csrfToken, next }: Props) {
  const client = useQueryClient();
  const router = useRouter();
  const [current, setCurrent] = useState('');
  const [first, setFirst] = useState('');
  const [second, setSecond] = useState('');
  const differs = second !== '' && first !== second;
  const save = useMutation({
    mutationFn: () =>
      mutateOnly({
        method: 'POST',
        path: '/api/auth/password',
        csrfToken,
        body: {
          newPassword: first,
          ...(user.mustChangePassword ? {} : { currentPassword: current }),
        },
      }),
    onSuccess: async () => {
      await client.invalidateQueries();
      router.replace(next);
    },
  });
  return (
    <form
      className="space-y-3"
      onSubmit={(event) => {
        event.preventDefault();
        if (first === second) save.mutate();
      }}
    >
      <p className="text-sm">
        {user.mustChangePassword ? `Welcome, ${user.username}. ` : ''}Choose a new password.
      </p>
      <input type="hidden" name="username" autoComplete="username" value={user.username} />
      {user.mustChangePassword ? null : (
        <PasswordField label="Current password" value={current} onChange={setCurrent} current />
      )}
      <PasswordField
        label="New password"
        hint={`${shortest} characters or more; a sentence is fine.`}
        value={first}
        onChange={setFirst}
      />
      <PasswordField
        label="The new password again"
        hint={differs ? 'The two are not the same yet.' : ''}
        value={second}
        onChange={setSecond}
      />
      {save.isError ? <Failure error={save.error} /> : null}
      <Button
        type="submit"
        look="primary"
        className="w-full"
        disabled={save.isPending || differs || second === ''}
      >
        Save password
      </Button>
    </form>
  );
}

function PasswordField(props: {
  label: string;
  hint?: string;
  value: string;
  current?: boolean;
  onChange: (value: string) => void;
}) {
  return (
    <Field
      label={props.label}
      hint={props.hint}
      type="password"
      required
      {...(props.current ? {} : { minLength: shortest, maxLength: 256 })}
      autoComplete={props.current ? 'current-password' : 'new-password'}
      value={props.value}
      onChange={(event) => props.onChange(event.target.value)}
    />
  );
}
