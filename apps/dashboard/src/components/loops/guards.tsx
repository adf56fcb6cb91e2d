import type { Loop } from '@flyball/contract';
import { formatNumber } from '../../lib/format.ts';
import { Arrow, VerdictGlyph } from '../ui/glyphs.tsx';

type Guard = Loop['guards'][number];

const verdicts = { passed: 'ok', bounded: 'warn', held: 'bad' } as const;

/** Each guard's word, and what it made of the value. */
export function Guards({ guards }: { guards: readonly Guard[] }) {
  if (guards.length === 0) {
    return <p className="text-sm text-muted">No guard had anything to look at yet.</p>;
  }
  return (
    <ul className="space-y-1.5 text-sm">
      {guards.map((guard) => (
        <li key={guard.guard} className="grid grid-cols-[1rem_7rem_1fr] gap-x-1.5">
          <span className="pt-1">
            <VerdictGlyph verdict={verdicts[guard.effect]} />
          </span>
          <span>
            <span className="font-medium">{guard.guard}</span>
            <span className="block text-xs text-muted">
              {guard.effect}
              {guard.effect !== 'passed' && guard.before !== null && guard.after !== null ? (
                <>
                  {' '}
                  {formatNumber(guard.before)} <Arrow /> {formatNumber(guard.after)}
                </>
              ) : null}
            </span>
          </span>
          <span>{guard.text}</span>
        </li>
      ))}
    </ul>
  );
}
