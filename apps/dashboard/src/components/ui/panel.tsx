import clsx from 'clsx';
import { type ReactNode, useId } from 'react';

type Props = {
  title: ReactNode;
  /** Beside the title: counts, units, links. */
  aside?: ReactNode;
  className?: string;
  /** Content touches the borders (tables). */
  flush?: boolean;
  children: ReactNode;
};

export function Panel({ title, aside, className, flush, children }: Props) {
  const id = useId();
  return (
    <section
      aria-labelledby={id}
      className={clsx('min-w-0 rounded-md border bg-surface', className)}
    >
      <header
        className={clsx(
          'flex min-h-10 flex-wrap items-center justify-between gap-x-4 gap-y-0.5 px-3',
          'py-1',
        )}
      >
        <h2 id={id} className="text-sm font-semibold">
          {title}
        </h2>
        {aside ? <div className="flex items-center gap-3 text-xs text-muted">{aside}</div> : null}
      </header>
      <div className={clsx('border-t', !flush && 'p-3')}>{children}</div>
    </section>
  );
}

export function PageHead(props: { title: string; children?: ReactNode; about?: ReactNode }) {
  return (
    <div className="mb-3 flex flex-wrap items-end justify-between gap-x-6 gap-y-2">
      <div className="min-w-0">
        <h1 className="text-xl font-semibold tracking-tight">{props.title}</h1>
        {props.about ? <p className="mt-0.5 text-sm text-muted">{props.about}</p> : null}
      </div>
      {props.children ? (
        <div className="flex flex-wrap items-center gap-2">{props.children}</div>
      ) : null}
    </div>
  );
}
