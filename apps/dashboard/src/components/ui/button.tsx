import clsx from 'clsx';
import type { ComponentProps } from 'react';

type Look = 'primary' | 'secondary' | 'ghost' | 'danger';

const looks: Record<Look, string> = {
  primary: 'border-accent bg-accent text-accent-fg hover:brightness-110',
  secondary: 'border-line-strong bg-surface text-fg hover:bg-sunken',
  ghost: 'border-transparent text-muted hover:bg-sunken hover:text-fg',
  danger: 'border-danger bg-surface text-danger hover:bg-bad-soft',
};

export function buttonClass(look: Look = 'secondary', small = false): string {
  return clsx(
    'inline-flex items-center justify-center gap-1.5 rounded-md border font-medium',
    'whitespace-nowrap select-none disabled:cursor-not-allowed disabled:opacity-50',
    small ? 'h-7 px-2 text-sm' : 'h-8 px-3 text-sm max-sm:h-10',
    looks[look],
  );
}

type Props = ComponentProps<'button'> & { look?: Look; small?: boolean };

export function Button({ look = 'secondary', small = false, className, ...rest }: Props) {
  return <button type="button" className={clsx(buttonClass(look, small), className)} {...rest} />;
}

/** An icon alone always has a name for those who cannot see it. */
export function IconButton({
  label,
  className,
  ...rest
}: ComponentProps<'button'> & { label: string }) {
  return (
    <button
      type="button"
      aria-label={label}
      title={label}
      className={clsx(
        'inline-flex size-8 shrink-0 items-center justify-center rounded-md text-muted',
        'hover:bg-sunken hover:text-fg disabled:opacity-40 max-sm:size-10',
        className,
      )}
      {...rest}
    />
  );
}
