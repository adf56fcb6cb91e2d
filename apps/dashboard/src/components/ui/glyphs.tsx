import type { Verdict } from '@flyball/contract';
import clsx from 'clsx';
import { type LaneMode, modeColours, modeWords, verdictWords } from '../../lib/mode.ts';

/** Shapes first, colours second: each reads in black and white. */
export function ModeGlyph({ mode, size = 12 }: { mode: LaneMode; size?: number }) {
  const colour = `var(${modeColours[mode]})`;
  return (
    <svg width={size} height={size} viewBox="0 0 12 12" aria-hidden="true" className="shrink-0">
      {mode === 'target' && <circle cx="6" cy="6" r="5" fill={colour} />}
      {mode === 'recovery' && (
        <>
          <circle cx="6" cy="6" r="4.4" fill="none" stroke={colour} strokeWidth="1.2" />
          <path d="M6 1 A5 5 0 0 0 6 11 Z" fill={colour} />
        </>
      )}
      {mode === 'degraded' && <path d="M6 0.8 L11.6 11 L0.4 11 Z" fill={colour} />}
      {mode === 'floor' && <rect x="1" y="1" width="10" height="10" fill={colour} />}
      {mode === 'no-data' && (
        <circle
          cx="6"
          cy="6"
          r="4.4"
          fill="none"
          stroke={colour}
          strokeWidth="1.2"
          strokeDasharray="2 1.6"
        />
      )}
    </svg>
  );
}

export function ModeLabel({ mode, className }: { mode: LaneMode | null; className?: string }) {
  const shown = mode ?? 'no-data';
  return (
    <span className={clsx('inline-flex items-center gap-1.5 whitespace-nowrap', className)}>
      <ModeGlyph mode={shown} />
      <span className={shown === 'no-data' ? 'text-muted' : 'font-medium'}>
        {mode === null ? 'Unknown' : modeWords[shown]}
      </span>
    </span>
  );
}

export function VerdictGlyph({ verdict, size = 11 }: { verdict: Verdict; size?: number }) {
  return (
    <svg
      width={size}
      height={size}
      viewBox="0 0 12 12"
      role="img"
      aria-label={verdictWords[verdict]}
      className="shrink-0"
    >
      {verdict === 'ok' && (
        <path d="M1.5 6.5 L4.7 9.7 L10.5 2.8" fill="none" stroke="var(--ok)" strokeWidth="1.8" />
      )}
      {verdict === 'warn' && <path d="M6 0.8 L11.6 11 L0.4 11 Z" fill="var(--warn)" />}
      {verdict === 'bad' && <rect x="1" y="1" width="10" height="10" fill="var(--bad)" />}
      {verdict === 'unknown' && (
        <circle
          cx="6"
          cy="6"
          r="4.6"
          fill="none"
          stroke="var(--no-data)"
          strokeWidth="1.4"
          strokeDasharray="2 1.6"
        />
      )}
    </svg>
  );
}

/** From this to that, also for those who hear it. */
export function Arrow() {
  return (
    <span>
      <span aria-hidden>→</span>
      <span className="sr-only">to</span>
    </span>
  );
}
