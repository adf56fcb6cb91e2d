import { z } from 'zod';
import { assertNever } from '../assert-never.ts';
import { type Disturbance, NO_DISTURBANCE } from '../process/messages.ts';

export const faultKind = z.enum(['surge', 'slow-instance', 'error-burst', 'dependency-down']);
export type FaultKind = z.infer<typeof faultKind>;

/** POST /faults */
export const faultRequest = z.object({
  kind: faultKind,
  service: z.string().min(1).optional(),
  instance: z.string().min(1).optional(),
  /** Factor of the surge, factor on the handling time, share of failing requests. */
  magnitude: z.number().positive().optional(),
  /** How a dependency is down: it answers 503, or it takes no connections. */
  how: z.enum(['fail', 'refuse']).optional(),
  durationMs: z.number().int().min(1_000).max(86_400_000).optional(),
});
export type FaultRequest = z.infer<typeof faultRequest>;

/** A fault that is switched on. */
export interface Fault {
  id: string;
  kind: FaultKind;
  /** null for a surge, which is the load generator's. */
  service: string | null;
  /** null: all instances. */
  instance: string | null;
  /** null where a fault has no size. */
  magnitude: number | null;
  how: 'fail' | 'refuse' | null;
  sinceMs: number;
  untilMs: number;
  text: string;
}

export type AddFaultResult =
  | { kind: 'added'; faults: readonly Fault[]; fault: Fault }
  | { kind: 'invalid'; message: string };

const DEFAULT_DURATION_MS = 600_000;

const MAGNITUDES = {
  surge: { fallback: 3, min: 1, max: 5 },
  'slow-instance': { fallback: 4, min: 1, max: 20 },
  'error-burst': { fallback: 0.3, min: 0.01, max: 1 },
} as const;

const DEFAULT_SERVICE = {
  'slow-instance': 'checkout',
  'error-burst': 'checkout',
  'dependency-down': 'payments',
} as const;

/**
 * Switches a fault on. One that is already on for the same kind and place is replaced and keeps
 * its id, so that pressing a button twice makes it last longer, not twice as bad.
 */
export function addFault(
  faults: readonly Fault[],
  request: FaultRequest,
  context: { nowMs: number; newId: string; instancesOf: ReadonlyMap<string, readonly string[]> },
): AddFaultResult {
  const place = placeOf(request, context.instancesOf);
  if ('message' in place) return { kind: 'invalid', message: place.message };
  const size = magnitudeOf(request);
  if ('message' in size) return { kind: 'invalid', message: size.message };
  const { service, instance } = place;
  const earlier = faults.find(
    (fault) =>
      fault.kind === request.kind && fault.service === service && fault.instance === instance,
  );
  const how = request.kind === 'dependency-down' ? (request.how ?? 'fail') : null;
  const fault: Fault = {
    id: earlier?.id ?? context.newId,
    kind: request.kind,
    service,
    instance,
    magnitude: size.magnitude,
    how,
    sinceMs: earlier?.sinceMs ?? context.nowMs,
    untilMs: context.nowMs + (request.durationMs ?? DEFAULT_DURATION_MS),
    text: describe({ kind: request.kind, service, instance, magnitude: size.magnitude, how }),
  };
  return {
    kind: 'added',
    fault,
    faults: [...faults.filter((other) => other.id !== fault.id), fault],
  };
}

/** Those whose time has not come yet. */
export function stillOn(faults: readonly Fault[], nowMs: number): readonly Fault[] {
  return faults.filter((fault) => fault.untilMs > nowMs);
}

/** What the faults do to one instance. */
export function disturbanceOf(
  faults: readonly Fault[],
  target: { service: string; instance: string },
): Disturbance {
  const disturbance = { ...NO_DISTURBANCE };
  for (const fault of faults) {
    if (fault.service !== target.service) continue;
    if (fault.instance !== null && fault.instance !== target.instance) continue;
    switch (fault.kind) {
      case 'slow-instance':
        disturbance.slowFactor *= fault.magnitude ?? 1;
        break;
      case 'error-burst':
        disturbance.errorRatio = Math.max(disturbance.errorRatio, fault.magnitude ?? 0);
        break;
      case 'dependency-down':
        disturbance.down = fault.how ?? 'fail';
        break;
      case 'surge':
        break;
      default:
        assertNever(fault.kind);
    }
  }
  return disturbance;
}

/** Factor on the generated load. */
export function surgeOf(faults: readonly Fault[]): number {
  return faults.find((fault) => fault.kind === 'surge')?.magnitude ?? 1;
}

function placeOf(
  request: FaultRequest,
  instancesOf: ReadonlyMap<string, readonly string[]>,
): { service: string | null; instance: string | null } | { message: string } {
  if (request.kind === 'surge') {
    if (request.service !== undefined || request.instance !== undefined) {
      return { message: 'a surge is of the whole shop: leave out service and instance' };
    }
    return { service: null, instance: null };
  }
  const service = request.service ?? DEFAULT_SERVICE[request.kind];
  const instances = instancesOf.get(service);
  if (instances === undefined) {
    const known = [...instancesOf.keys()].join(', ');
    return { message: `service ${service} is unknown: the shop has ${known}` };
  }
  const instance =
    request.instance ?? (request.kind === 'slow-instance' ? (instances[0] ?? null) : null);
  if (request.kind === 'slow-instance' && instance === null) {
    return { message: `service ${service} has no running instance to slow down` };
  }
  if (instance !== null && !instances.includes(instance)) {
    return { message: `instance ${instance} is not one of ${instances.join(', ') || 'none'}` };
  }
  return { service, instance };
}

function magnitudeOf(request: FaultRequest): { magnitude: number | null } | { message: string } {
  if (request.kind === 'dependency-down') return { magnitude: null };
  const { fallback, min, max } = MAGNITUDES[request.kind];
  const magnitude = request.magnitude ?? fallback;
  if (magnitude < min || magnitude > max) {
    return { message: `magnitude ${magnitude} of ${request.kind} is not within ${min} and ${max}` };
  }
  return { magnitude };
}

function describe(fault: Pick<Fault, 'kind' | 'service' | 'instance' | 'magnitude' | 'how'>) {
  switch (fault.kind) {
    case 'surge':
      return `${fault.magnitude} times the load`;
    case 'slow-instance':
      return `${fault.instance} takes ${fault.magnitude} times as long`;
    case 'error-burst': {
      const percent = Math.round((fault.magnitude ?? 0) * 100);
      return `${fault.instance ?? fault.service} fails ${percent} % of its requests`;
    }
    case 'dependency-down':
      return fault.how === 'refuse'
        ? `${fault.instance ?? fault.service} takes no connections`
        : `${fault.instance ?? fault.service} answers 503`;
    default:
      return assertNever(fault.kind);
  }
}
