'use client';

import { useQuery } from '@tanstack/react-query';
import clsx from 'clsx';
import { Menu as MenuIcon } from 'lucide-react';
import Link from 'next/link';
import { usePathname } from 'next/navigation';
import { useState } from 'react';
import { proposalsQuery } from '../../lib/queries.ts';
import { useRangeLink } from '../../lib/use-range.ts';
import { useAccess } from '../../lib/use-session.ts';
import { Dialog } from '../ui/dialog.tsx';
import { isHere, type Place, places } from './places.ts';

function usePlaces(): Place[] {
  const { isAdmin } = useAccess();
  return places.filter((place) => place.group !== 'Admin' || isAdmin);
}

function PendingCount({ href }: { href: string }) {
  const { data } = useQuery(proposalsQuery('pending'));
  const count = data?.proposals.length ?? 0;
  if (href !== '/actions' || count === 0) return null;
  return (
    <span className="ml-auto rounded-full bg-accent px-1.5 text-xs leading-5 text-accent-fg">
      {count}
      <span className="sr-only"> pending</span>
    </span>
  );
}

export function SideNav() {
  const pathname = usePathname();
  const withRange = useRangeLink();
  const shown = usePlaces();
  const groups = [...new Set(shown.map((place) => place.group))];
  return (
    <nav
      aria-label="Main"
      className={clsx(
        'sticky top-12 hidden h-[calc(100dvh-3rem)] w-48 shrink-0 overflow-y-auto',
        'border-r bg-surface p-2 lg:block',
      )}
    >
      {groups.map((group) => (
        <div key={group} className="mb-3">
          <div className="label-caps px-2 py-1">{group}</div>
          {shown
            .filter((place) => place.group === group)
            .map((place) => (
              <NavLink
                key={place.href}
                place={place}
                href={withRange(place.href)}
                here={isHere(place.href, pathname)}
              />
            ))}
        </div>
      ))}
    </nav>
  );
}

function NavLink({ place, href, here }: { place: Place; href: string; here: boolean }) {
  const { icon: Icon, label, key } = place;
  return (
    <Link
      href={href}
      title={`${label} (${key})`}
      {...(here ? { 'aria-current': 'page' as const } : {})}
      className={clsx(
        'flex h-8 items-center gap-2.5 rounded-md px-2 text-sm',
        here ? 'bg-accent-soft font-medium text-fg' : 'text-muted hover:bg-sunken hover:text-fg',
      )}
    >
      <Icon size={15} aria-hidden />
      {label}
      <PendingCount href={place.href} />
    </Link>
  );
}

const thumbPlaces = ['/', '/matrix', '/traces', '/actions'];

/** On a phone: four places within reach of the thumb, the rest in a sheet. */
export function BottomNav() {
  const pathname = usePathname();
  const withRange = useRangeLink();
  const shown = usePlaces();
  const [open, setOpen] = useState(false);
  const rest = shown.filter((place) => !thumbPlaces.includes(place.href));
  return (
    <nav
      aria-label="Main"
      className={clsx(
        'fixed inset-x-0 bottom-0 z-30 grid grid-cols-5 border-t bg-surface',
        'pb-[env(safe-area-inset-bottom)] lg:hidden',
      )}
    >
      {shown
        .filter((place) => thumbPlaces.includes(place.href))
        .map((place) => (
          <ThumbLink
            key={place.href}
            place={place}
            href={withRange(place.href)}
            here={isHere(place.href, pathname)}
          />
        ))}
      <button
        type="button"
        onClick={() => setOpen(true)}
        className={clsx(
          'flex h-14 flex-col items-center justify-center gap-1 text-xs',
          rest.some((place) => isHere(place.href, pathname)) ? 'text-accent' : 'text-muted',
        )}
      >
        <MenuIcon size={18} aria-hidden />
        More
      </button>
      <Dialog open={open} onOpenChange={setOpen} title="Go to">
        <div className="grid gap-1">
          {rest.map((place) => (
            <Link
              key={place.href}
              href={withRange(place.href)}
              onClick={() => setOpen(false)}
              className="flex h-11 items-center gap-3 rounded-md px-2 hover:bg-sunken"
            >
              <place.icon size={16} aria-hidden /> {place.label}
            </Link>
          ))}
        </div>
      </Dialog>
    </nav>
  );
}

function ThumbLink({ place, href, here }: { place: Place; href: string; here: boolean }) {
  const short = place.label === 'Health matrix' ? 'Matrix' : place.label;
  return (
    <Link
      href={href}
      {...(here ? { 'aria-current': 'page' as const } : {})}
      className={clsx(
        'relative flex h-14 flex-col items-center justify-center gap-1 text-xs',
        here ? 'font-medium text-accent' : 'text-muted',
      )}
    >
      <place.icon size={18} aria-hidden />
      {short}
      <span className="absolute top-1 right-[22%]">
        <PendingCount href={place.href} />
      </span>
    </Link>
  );
}
