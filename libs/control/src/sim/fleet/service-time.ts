import { assertNever } from '../../config.ts';
import type { Draws } from '../random.ts';
import type { ServiceTimes } from './config.ts';

/** Draws service times in milliseconds. */
export function serviceTimes(spec: ServiceTimes): (draws: Draws) => number {
  switch (spec.kind) {
    case 'exponential':
      return (draws) => draws.exponential(spec.meanMs);
    case 'lognormal': {
      const mu = Math.log(spec.meanMs) - spec.sigma ** 2 / 2;
      return (draws) => Math.exp(mu + spec.sigma * draws.normal());
    }
    case 'pareto': {
      const { shape, maxMs } = spec;
      const leastMs = leastOf(spec);
      const span = 1 - (leastMs / maxMs) ** shape;
      return (draws) => leastMs * (1 - draws.uniform() * span) ** (-1 / shape);
    }
    default:
      return assertNever(spec);
  }
}

/** The scale at which the truncated distribution has the mean asked for, by bisection. */
function leastOf(spec: Extract<ServiceTimes, { kind: 'pareto' }>): number {
  const { shape, maxMs, meanMs } = spec;
  const meanFor = (leastMs: number): number => {
    const tail = (leastMs / maxMs) ** shape;
    const whole = (shape * leastMs ** shape) / (1 - tail);
    return (whole * (maxMs ** (1 - shape) - leastMs ** (1 - shape))) / (1 - shape);
  };
  let low = meanMs / 1_000;
  let high = meanMs;
  for (let round = 0; round < 60; round += 1) {
    const middle = (low + high) / 2;
    if (meanFor(middle) < meanMs) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}
