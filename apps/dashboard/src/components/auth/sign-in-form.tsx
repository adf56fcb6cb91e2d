'use client';

import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { mutateOnly } from '../../lib/api.ts';
import { Button } from '../ui/button.tsx';
import { Field } from '../ui/field.tsx';
import { Failure } from '../ui/states.tsx';

export function SignInForm({ csrfToken }: { csrfToken: string }) {
  const client = useQueryClient();
  const [username, setUsername] = useState('');
  const [password, setPassword] = useState('');
  const signIn = useMutation({
    mutationFn: () =>
      mutateOnly({
        method: 'POST',
        path: '/api/auth/sign-in',
        csrfToken,
        body: { username, password },
      }),
    onSuccess: () => client.invalidateQueries(),
  });
  return (
    <form
      className="space-y-3"
      onSubmit={(event) => {
        event.preventDefault();
        signIn.mutate();
      }}
    >
      <Field
        label="User name"
        name="username"
        autoComplete="username"
        autoCapitalize="none"
        required
        value={username}
        onChange={(event) => setUsername(event.target.value)}
      />
      <Field
        label="Password"
        name="password"
        type="password"
        autoComplete="current-password"
        required
        value={password}
        onChange={(event) => setPassword(event.target.value)}
      />
      {signIn.isError ? <Failure error={signIn.error} /> : null}
      <Button type="submit" look="primary" className="w-full" disabled={signIn.isPending}>
        Sign in
      </Button>
      <p className="text-xs text-muted">
        First start? The one-time sign-in link is printed where Flyball was started. Otherwise an
        admin can make you one.
      </p>
    </form>
  );
}
