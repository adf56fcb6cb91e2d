import clsx from 'clsx';
import { type ComponentProps, type ReactNode, useId } from 'react';

export const inputClass =
  'h-8 min-w-0 rounded-md border border-line-strong bg-surface px-2 text-sm text-fg ' +
  'placeholder:text-faint disabled:opacity-60 max-sm:h-10 max-sm:text-[16px]';

type FieldProps = { label: string; hint?: ReactNode; className?: string };

export function Field({ label, hint, className, ...rest }: FieldProps & ComponentProps<'input'>) {
  const id = useId();
  return (
    <div className={clsx('min-w-0', className)}>
      <label htmlFor={id} className="mb-1 block text-xs text-muted">
        {label}
      </label>
      <input
        id={id}
        className={clsx(inputClass, 'w-full')}
        {...(hint ? { 'aria-describedby': `${id}-hint` } : {})}
        {...rest}
      />
      {hint ? (
        <p id={`${id}-hint`} className="mt-1 text-xs text-faint">
          {hint}
        </p>
      ) : null}
    </div>
  );
}

export function SelectField({
  label,
  className,
  children,
  ...rest
}: FieldProps & ComponentProps<'select'>) {
  const id = useId();
  return (
    <div className={clsx('min-w-0', className)}>
      <label htmlFor={id} className="mb-1 block text-xs text-muted">
        {label}
      </label>
      <select id={id} className={clsx(inputClass, 'w-full')} {...rest}>
        {children}
      </select>
    </div>
  );
}
