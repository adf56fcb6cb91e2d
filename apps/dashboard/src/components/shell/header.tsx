'use client';

import { useMutation, useQueryClient } from '@tanstack/react-query';
import { CircleUser, Search } from 'lucide-react';
import Link from 'next/link';
import { mutateOnly } from '../../lib/api.ts';
import { type Theme, themes, useTheme } from '../../lib/theme.ts';
import { useAccess } from '../../lib/use-session.ts';
import { Button, IconButton } from '../ui/button.tsx';
import { Menu, MenuChoice, MenuItem, MenuSeparator } from '../ui/menu.tsx';
import { StopAutomation } from './automation.tsx';
import { useLive } from './live-provider.tsx';

export function Header(props: { onPalette: () => void; onHelp: () => void }) {
  return (
    <header className="sticky top-0 z-30 flex h-12 items-center gap-2 border-b bg-surface px-3">
      <Link href="/" className="flex items-center gap-2 font-semibold tracking-tight">
        <Mark />
        Flyball
      </Link>
      <LiveIndicator />
      <div className="ml-auto flex items-center gap-1.5">
        <Button
          small
          className="text-muted max-sm:hidden"
          onClick={props.onPalette}
          aria-keyshortcuts="Control+K Meta+K"
        >
          <Search size={13} aria-hidden /> Go to…
          <kbd className="ml-2 rounded border px-1 text-xs">Ctrl K</kbd>
        </Button>
        <IconButton label="Go to…" className="sm:hidden" onClick={props.onPalette}>
          <Search size={17} aria-hidden />
        </IconButton>
        <StopAutomation />
        <UserMenu onHelp={props.onHelp} />
      </div>
    </header>
  );
}

/** A governor: two balls on a spindle. */
function Mark() {
  return (
    <svg width="18" height="18" viewBox="0 0 18 18" aria-hidden="true">
      <path d="M9 1 V17 M9 3 L3 11 M9 3 L15 11" stroke="currentColor" strokeWidth="1.5" />
      <circle cx="3" cy="12" r="2.6" fill="var(--accent)" />
      <circle cx="15" cy="12" r="2.6" fill="var(--accent)" />
    </svg>
  );
}

const liveWords = { connecting: 'connecting', live: 'live', reconnecting: 'reconnecting' };

function LiveIndicator() {
  const { status } = useLive();
  return (
    <span role="status" className="ml-1 inline-flex items-center gap-1.5 text-xs text-muted">
      <svg width="8" height="8" viewBox="0 0 8 8" aria-hidden="true">
        {status === 'live' ? (
          <circle cx="4" cy="4" r="3.5" fill="var(--ok)" />
        ) : (
          <circle cx="4" cy="4" r="3" fill="none" stroke="var(--warn)" strokeWidth="1.5" />
        )}
      </svg>
      {liveWords[status]}
    </span>
  );
}

const themeWords: Record<Theme, string> = { system: 'As the system', light: 'Light', dark: 'Dark' };

function UserMenu({ onHelp }: { onHelp: () => void }) {
  const { user, csrfToken } = useAccess();
  const [theme, setTheme] = useTheme();
  const client = useQueryClient();
  const signOut = useMutation({
    mutationFn: () => mutateOnly({ method: 'POST', path: '/api/auth/sign-out', csrfToken }),
    onSettled: () => {
      client.clear();
      // A fresh page, so that nothing of this person stays in memory.
      window.location.assign('/sign-in');
    },
  });
  return (
    <Menu
      trigger={
        <IconButton label={`Account and appearance, signed in as ${user?.username ?? '…'}`}>
          <CircleUser size={18} aria-hidden />
        </IconButton>
      }
    >
      <div className="px-2 py-1.5">
        <div className="font-medium">{user?.username}</div>
        <div className="text-xs text-muted">{user?.role}</div>
      </div>
      <MenuSeparator />
      <MenuChoice
        label="Theme"
        value={theme}
        onChange={setTheme}
        choices={themes.map((value) => ({ value, label: themeWords[value] }))}
      />
      <MenuSeparator />
      <MenuItem onSelect={onHelp}>Keyboard shortcuts</MenuItem>
      <MenuItem onSelect={() => window.location.assign('/sign-in?change=password')}>
        Change password
      </MenuItem>
      <MenuItem onSelect={() => signOut.mutate()}>Sign out</MenuItem>
    </Menu>
  );
}
