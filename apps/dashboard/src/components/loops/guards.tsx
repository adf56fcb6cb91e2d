import type { Loop } from '@flyball/contract';
import { formatNumber } from '../../lib/format.ts';
import { Arrow, VerdictGlyph } from '../ui/glyphs.tsx';

type Guard = Loop['guards'][number];

/** Those that objected in full; those that passed by name, their word behind it. */
export function Guards({ guards }: { guards: readonly Guard[] }) {
  if (guards.length === 0) {
    return <p className="text-sm text-muted">No guard had anything to look at yet.</p>;
  }
  const objected = guards.filter(({ effect }) => effect !== 'passed');
  const passed = guards.filter(({ effect }) => effect === 'passed');
  return (
    <ul className="space-y-1.5 text-sm">
      {objected.map((guard) => (
        <Objection key={guard.guard} guard={guard} />
      ))}
      {passed.length === 0 ? null : (
        <li className="grid grid-cols-[1rem_1fr] gap-x-1.5">
          <span className="pt-1">
            <VerdictGlyph verdict="ok" />
          </span>
          <span>
            <span className="text-muted">{passed.length} passed: </span>
            {passed.map(({ guard, text }, at) => (
              <span key={guard} title={text}>
                {at > 0 ? ', ' : ''}
                {guard}
              </span>
            ))}
          </span>
        </li>
      )}
    </ul>
  );
}

function Objection({ guard }: { guard: Guard }) {
  return (
    <li className="grid grid-cols-[1rem_minmax(7rem,auto)_1fr] gap-x-1.5">
      <span className="pt-1">
        <VerdictGlyph verdict={guard.effect === 'held' ? 'bad' : 'warn'} />
      </span>
      <span className="pr-2">
        <span className="font-medium">{guard.guard}</span>
        <span className="block text-xs text-muted">
          {guard.effect}
          {guard.before !== null && guard.after !== null ? (
            <>
              {' '}
              {formatNumber(guard.before)} <Arrow /> {formatNumber(guard.after)}
            </>
          ) : null}
        </span>
      </span>
      <span>{guard.text}</span>
    </li>
  );
}
