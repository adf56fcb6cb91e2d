'use client';

import { DropdownMenu as Radix } from 'radix-ui';
import type { ReactNode } from 'react';

/** A button that opens a list of commands. */
export function Menu({ trigger, children }: { trigger: ReactNode; children: ReactNode }) {
  return (
    <Radix.Root modal={false}>
      <Radix.Trigger asChild>{trigger}</Radix.Trigger>
      <Radix.Portal>
        <Radix.Content
          align="end"
          sideOffset={4}
          className="z-50 min-w-44 rounded-md border bg-raised p-1 text-sm shadow-pop"
        >
          {children}
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  );
}

const itemClass =
  'flex w-full items-center gap-2 rounded px-2 py-1.5 outline-none select-none ' +
  'data-[highlighted]:bg-sunken data-[disabled]:opacity-50 max-sm:py-2.5';

export function MenuItem(props: { onSelect: () => void; disabled?: boolean; children: ReactNode }) {
  return (
    <Radix.Item
      className={itemClass}
      onSelect={props.onSelect}
      {...(props.disabled ? { disabled: true } : {})}
    >
      {props.children}
    </Radix.Item>
  );
}

export function MenuChoice<T extends string>(props: {
  label: string;
  value: T;
  choices: readonly { value: T; label: string }[];
  onChange: (value: T) => void;
}) {
  return (
    <Radix.RadioGroup
      value={props.value}
      onValueChange={(value) => props.onChange(value as T)}
      aria-label={props.label}
    >
      <Radix.Label className="label-caps px-2 pt-1.5 pb-1">{props.label}</Radix.Label>
      {props.choices.map(({ value, label }) => (
        <Radix.RadioItem key={value} value={value} className={itemClass}>
          <span aria-hidden className="inline-block w-3">
            <Radix.ItemIndicator>•</Radix.ItemIndicator>
          </span>
          {label}
        </Radix.RadioItem>
      ))}
    </Radix.RadioGroup>
  );
}

export function MenuSeparator() {
  return <Radix.Separator className="my-1 h-px bg-line" />;
}
