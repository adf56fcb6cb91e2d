'use client';

import { Button } from '../../components/ui/button.tsx';

/** A page that failed to draw; the rest of the dashboard goes on. */
export default function PageError({ error, reset }: { error: Error; reset: () => void }) {
  return (
    <div role="alert" className="rounded-md border bg-surface p-4">
      <h1 className="font-semibold">This page could not be drawn</h1>
      <p className="mt-1 text-sm text-muted">
        It is a fault of the dashboard, not of your data: {error.message}
      </p>
      <Button className="mt-3" onClick={reset}>
        Draw it again
      </Button>
    </div>
  );
}
