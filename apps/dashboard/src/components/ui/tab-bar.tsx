'use client';

import clsx from 'clsx';
import { Tabs } from 'radix-ui';
import type { ReactNode } from 'react';

type Props<T extends string> = {
  value: T;
  onChange: (value: T) => void;
  tabs: readonly { id: T; label: ReactNode }[];
  label: string;
  children: ReactNode;
};

export function TabBar<T extends string>({ value, onChange, tabs, label, children }: Props<T>) {
  return (
    <Tabs.Root value={value} onValueChange={(next) => onChange(next as T)}>
      <Tabs.List aria-label={label} className="mb-3 flex gap-1 overflow-x-auto border-b">
        {tabs.map((tab) => (
          <Tabs.Trigger
            key={tab.id}
            value={tab.id}
            className={clsx(
              '-mb-px flex items-center gap-1.5 border-b-2 border-transparent px-2.5 py-2 text-sm',
              'whitespace-nowrap text-muted hover:text-fg data-[state=active]:border-accent',
              'data-[state=active]:font-medium data-[state=active]:text-fg',
            )}
          >
            {tab.label}
          </Tabs.Trigger>
        ))}
      </Tabs.List>
      <Tabs.Content value={value} tabIndex={-1}>
        {children}
      </Tabs.Content>
    </Tabs.Root>
  );
}
