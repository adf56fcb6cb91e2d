import type { Knob } from '@flyball/contract';
import type { LoopName } from '../decide/words.ts';

export function unitFor(loop: LoopName): string {
  switch (loop) {
    case 'replicas':
      return 'replicas';
    case 'rate':
      return 'requests/s';
    case 'weights':
      return 'weight';
  }
}

/** A knob's position as people write it. */
export function formatKnob(loop: LoopName, value: Knob): string {
  if (typeof value === 'number') return formatNumber(value);
  const parts = Object.entries(value).map(([id, weight]) => `${id} ${formatNumber(weight)}`);
  return parts.length === 0 ? `no ${unitFor(loop)}` : parts.join(', ');
}

interface Change {
  readonly service: string;
  readonly loop: LoopName;
  readonly before: Knob;
  readonly after: Knob;
}

/** The action in one sentence. */
export function describeChange({ service, loop, before, after }: Change): string {
  const [from, to] = [formatKnob(loop, before), formatKnob(loop, after)];
  switch (loop) {
    case 'replicas':
      return `Scale ${service} from ${from} to ${to} replicas`;
    case 'rate': {
      const verb = Number(after) < Number(before) ? 'Lower' : 'Raise';
      return `${verb} the rate limit of ${service} from ${from} to ${to} requests/s`;
    }
    case 'weights':
      return `Shift traffic of ${service}: ${shifts(before, after)}`;
  }
}

/** The largest shifts first, at most three. */
function shifts(before: Knob, after: Knob): string {
  if (typeof before === 'number' || typeof after === 'number') return 'new weights';
  const changes = Object.entries(after)
    .map(([id, weight]) => ({ id, from: before[id] ?? 0, to: weight }))
    .filter(({ from, to }) => Math.abs(from - to) > 0.005)
    .sort((a, b) => Math.abs(b.to - b.from) - Math.abs(a.to - a.from));
  const told = changes
    .slice(0, 3)
    .map(({ id, from, to }) => `${id} ${formatNumber(from)} → ${formatNumber(to)}`);
  const more = changes.length - told.length;
  return `${told.join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}

export function formatNumber(value: number): string {
  return String(Number(value.toPrecision(value >= 100 ? 4 : 3)));
}

/** A signal's value with its unit. */
export function formatSignal(value: number, unit: string): string {
  if (unit === 'ratio') return `${formatNumber(value * 100)} %`;
  return unit === '' ? formatNumber(value) : `${formatNumber(value)} ${unit}`;
}
