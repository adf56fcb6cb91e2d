'use client';

import { useQuery } from '@tanstack/react-query';
import clsx from 'clsx';
import { usePathname, useRouter } from 'next/navigation';
import { type ReactNode, useEffect, useState } from 'react';
import { sessionQuery } from '../../lib/queries.ts';
import { useKeys } from '../../lib/use-keys.ts';
import { useRangeLink } from '../../lib/use-range.ts';
import { Failure, SkeletonRows } from '../ui/states.tsx';
import { Announcer } from './announcer.tsx';
import { StoppedBanner } from './automation.tsx';
import { AwayBanner } from './away-banner.tsx';
import { Header } from './header.tsx';
import { Help } from './help.tsx';
import { LiveProvider } from './live-provider.tsx';
import { BottomNav, SideNav } from './nav.tsx';
import { Palette } from './palette.tsx';
import { places } from './places.ts';

/** Everything behind the sign-in: asks who is there before it shows anything. */
export function Shell({ children }: { children: ReactNode }) {
  const session = useQuery(sessionQuery);
  const router = useRouter();
  const pathname = usePathname();
  const user = session.data?.user;
  const turnedAway = user === null || user?.mustChangePassword === true;
  useEffect(() => {
    if (!turnedAway) return;
    const next = `${pathname}${window.location.search}`;
    router.replace(`/sign-in?next=${encodeURIComponent(next)}`);
  }, [turnedAway, router, pathname]);
  if (session.data === undefined && session.isError) {
    return (
      <main className="mx-auto mt-[15vh] max-w-lg rounded-md border bg-surface">
        <Failure error={session.error} onRetry={() => void session.refetch()} />
        <AwayRetry />
      </main>
    );
  }
  if (user === undefined || turnedAway) {
    return (
      <main className="mx-auto mt-[15vh] max-w-lg">
        <SkeletonRows rows={4} />
      </main>
    );
  }
  return (
    <LiveProvider>
      <Frame>{children}</Frame>
    </LiveProvider>
  );
}

/** Before there is any page to keep, the banner does nothing but try again. */
function AwayRetry() {
  return (
    <div className="sr-only">
      <AwayBanner />
    </div>
  );
}

function Frame({ children }: { children: ReactNode }) {
  const [palette, setPalette] = useState(false);
  const [help, setHelp] = useState(false);
  useNavigationKeys(() => setHelp(true));
  return (
    <>
      <a
        href="#content"
        className={clsx(
          'sr-only z-50 rounded-md bg-accent px-3 py-2 text-accent-fg focus:not-sr-only',
          'focus:fixed focus:top-2 focus:left-2',
        )}
      >
        Skip to content
      </a>
      <Header onPalette={() => setPalette(true)} onHelp={() => setHelp(true)} />
      <AwayBanner />
      <StoppedBanner />
      <div className="flex">
        <SideNav />
        <main
          id="content"
          tabIndex={-1}
          className="min-w-0 flex-1 p-3 pb-20 outline-none sm:p-4 lg:pb-6"
        >
          {children}
        </main>
      </div>
      <BottomNav />
      <Palette open={palette} onOpenChange={setPalette} />
      <Help open={help} onOpenChange={setHelp} />
      <Announcer />
    </>
  );
}

function useNavigationKeys(onHelp: () => void): void {
  const router = useRouter();
  const withRange = useRangeLink();
  useKeys((name) => {
    if (name === '?') {
      onHelp();
      return true;
    }
    if (name === '/') {
      const field = document.querySelector<HTMLElement>('#content input, #content select');
      field?.focus();
      return field !== null;
    }
    const place = places.find(({ key }) => key === name);
    if (place === undefined) return false;
    router.push(withRange(place.href));
    return true;
  });
}
