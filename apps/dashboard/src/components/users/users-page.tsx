'use client';

import type { User } from '@flyball/contract';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { usersQuery } from '../../lib/queries.ts';
import { useAccess } from '../../lib/use-session.ts';
import { Button } from '../ui/button.tsx';
import { PageHead, Panel } from '../ui/panel.tsx';
import { Empty, Loaded } from '../ui/states.tsx';
import { AddUser } from './add-user.tsx';
import { type Invitation, InvitationDialog } from './invitation.tsx';
import { UserRow } from './user-row.tsx';

export function UsersPage() {
  const { isAdmin } = useAccess();
  return (
    <>
      <PageHead
        title="Users"
        about="Viewers see, operators approve and steer, admins also manage users."
      />
      {isAdmin ? (
        <UserList />
      ) : (
        <div className="rounded-md border bg-surface">
          <Empty title="Users are for admins">
            Your role does not allow it. An admin can change your role.
          </Empty>
        </div>
      )}
    </>
  );
}

function UserList() {
  const query = useQuery(usersQuery);
  const [adding, setAdding] = useState(false);
  const [invitation, setInvitation] = useState<Invitation | null>(null);
  return (
    <Panel
      title="Everybody who can sign in"
      flush
      aside={
        <Button small look="primary" onClick={() => setAdding(true)}>
          Invite a user
        </Button>
      }
    >
      <Loaded query={query}>
        {({ users }) => (
          <ul className="divide-y text-sm">
            {users.map((user: User) => (
              <UserRow key={user.id} user={user} onInvitation={setInvitation} />
            ))}
          </ul>
        )}
      </Loaded>
      <AddUser open={adding} onOpenChange={setAdding} onInvitation={setInvitation} />
      <InvitationDialog invitation={invitation} onClose={() => setInvitation(null)} />
    </Panel>
  );
}
