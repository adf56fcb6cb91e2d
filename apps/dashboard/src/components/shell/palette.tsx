'use client';

import { useQuery } from '@tanstack/react-query';
import { Command } from 'cmdk';
import { useRouter } from 'next/navigation';
import { useEffect, useState } from 'react';
import { loopsQuery, servicesQuery } from '../../lib/queries.ts';
import { useTheme } from '../../lib/theme.ts';
import { useAccess } from '../../lib/use-session.ts';
import { places } from './places.ts';

const traceId = /^[0-9a-f]{32}$/i;

const itemClass =
  'flex items-center gap-2 rounded px-2 py-1.5 text-sm data-[selected=true]:bg-accent-soft ' +
  'cursor-pointer max-sm:py-2.5';
const groupClass =
  '[&_[cmdk-group-heading]]:label-caps [&_[cmdk-group-heading]]:px-2 ' +
  '[&_[cmdk-group-heading]]:py-1.5';

const contentClass =
  'fixed top-[12vh] left-1/2 z-50 w-[calc(100vw-1.5rem)] max-w-lg -translate-x-1/2 ' +
  'overflow-hidden rounded-md border bg-raised shadow-pop';

type Props = { open: boolean; onOpenChange: (open: boolean) => void };

export function Palette({ open, onOpenChange }: Props) {
  const router = useRouter();
  const [text, setText] = useState('');
  useEffect(() => {
    const listener = (event: KeyboardEvent) => {
      if (event.key.toLowerCase() !== 'k' || !(event.ctrlKey || event.metaKey)) return;
      event.preventDefault();
      onOpenChange(!open);
    };
    window.addEventListener('keydown', listener);
    return () => window.removeEventListener('keydown', listener);
  }, [open, onOpenChange]);
  const run = (does: () => void) => {
    onOpenChange(false);
    setText('');
    does();
  };
  return (
    <Command.Dialog
      open={open}
      onOpenChange={onOpenChange}
      label="Go to"
      overlayClassName="fixed inset-0 z-40 bg-black/40"
      contentClassName={contentClass}
    >
      <Command.Input
        value={text}
        onValueChange={setText}
        placeholder="A page, a service, a loop, or a trace id"
        className="h-11 w-full border-b bg-transparent px-3 text-base outline-none"
      />
      <Command.List className="max-h-[50vh] overflow-y-auto p-1">
        <Command.Empty className="p-4 text-center text-sm text-muted">
          Nothing is called that.
        </Command.Empty>
        {traceId.test(text.trim()) ? (
          <Command.Item
            value={text}
            className={itemClass}
            onSelect={() => run(() => router.push(`/traces/${text.trim().toLowerCase()}`))}
          >
            Open trace <code className="font-mono text-xs">{text.trim()}</code>
          </Command.Item>
        ) : null}
        <Pages go={(href) => run(() => router.push(href))} />
        {open ? <Things go={(href) => run(() => router.push(href))} /> : null}
        <Appearance run={run} />
      </Command.List>
    </Command.Dialog>
  );
}

function Pages({ go }: { go: (href: string) => void }) {
  const { isAdmin } = useAccess();
  return (
    <Command.Group heading="Pages" className={groupClass}>
      {places
        .filter((place) => place.group !== 'Admin' || isAdmin)
        .map(({ href, label, key, icon: Icon }) => (
          <Command.Item key={href} value={label} className={itemClass} onSelect={() => go(href)}>
            <Icon size={14} aria-hidden className="text-muted" /> {label}
            <kbd className="ml-auto text-xs text-faint">{key}</kbd>
          </Command.Item>
        ))}
    </Command.Group>
  );
}

function Things({ go }: { go: (href: string) => void }) {
  const services = useQuery(servicesQuery).data?.services ?? [];
  const loops = useQuery(loopsQuery).data?.loops ?? [];
  return (
    <>
      <Command.Group heading="Loops" className={groupClass}>
        {loops.map(({ id }) => (
          <Command.Item
            key={id}
            value={`loop ${id}`}
            className={itemClass}
            onSelect={() => go(`/loops/${id.split('/').map(encodeURIComponent).join('/')}`)}
          >
            {id}
          </Command.Item>
        ))}
      </Command.Group>
      <Command.Group heading="Services" className={groupClass}>
        {services.slice(0, 200).map(({ service }) => (
          <Command.Item
            key={service}
            value={`traces of ${service}`}
            className={itemClass}
            onSelect={() => go(`/traces?service=${encodeURIComponent(service)}`)}
          >
            Traces of {service}
          </Command.Item>
        ))}
      </Command.Group>
    </>
  );
}

function Appearance({ run }: { run: (does: () => void) => void }) {
  const [, setTheme] = useTheme();
  return (
    <Command.Group heading="Appearance" className={groupClass}>
      {(['light', 'dark', 'system'] as const).map((theme) => (
        <Command.Item
          key={theme}
          value={`${theme} theme`}
          className={itemClass}
          onSelect={() => run(() => setTheme(theme))}
        >
          Theme: {theme}
        </Command.Item>
      ))}
    </Command.Group>
  );
}
