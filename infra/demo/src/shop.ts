/** Simulated handling time of one request, milliseconds. */
export interface WorkTime {
  meanMs: number;
  sigma: number;
}

/** A request to another service that has to succeed before the caller can answer. */
export interface DownstreamCall {
  service: string;
  method: 'GET' | 'POST';
  path: string;
}

/** One kind of service of the shop. */
export interface ServiceSpec {
  service: string;
  method: 'GET' | 'POST';
  path: string;
  /** Requests handled at once; the rest waits in the queue. */
  slots: number;
  /** Requests that may wait; one more is answered 503. */
  queueLimit: number;
  work: WorkTime;
  /** Made side by side, after the first part of the work. */
  calls: DownstreamCall[];
  /** How long a caller waits for this service. */
  timeoutMs: number;
  replicas: number;
}

/**
 * The shop. A checkout holds its slot while it waits for its dependencies: 40 ms of its own and
 * about 57 ms for the slower of two calls, so that an instance with four slots serves some 41
 * checkouts a second. Two of them carry the base load at 45 % and drown in a surge of 2.5; four
 * carry the surge at 55 %. The other services have room to spare.
 */
export const SHOP: readonly ServiceSpec[] = [
  {
    service: 'inventory',
    method: 'POST',
    path: '/reserve',
    slots: 8,
    queueLimit: 64,
    work: { meanMs: 25, sigma: 0.3 },
    calls: [],
    timeoutMs: 800,
    replicas: 2,
  },
  {
    service: 'payments',
    method: 'POST',
    path: '/charge',
    slots: 8,
    queueLimit: 64,
    work: { meanMs: 50, sigma: 0.3 },
    calls: [],
    timeoutMs: 800,
    replicas: 2,
  },
  {
    service: 'recommendations',
    method: 'GET',
    path: '/recommendations',
    slots: 6,
    queueLimit: 32,
    work: { meanMs: 30, sigma: 0.4 },
    calls: [],
    timeoutMs: 800,
    replicas: 2,
  },
  {
    service: 'checkout',
    method: 'POST',
    path: '/checkout',
    slots: 4,
    queueLimit: 24,
    work: { meanMs: 40, sigma: 0.35 },
    calls: [
      { service: 'inventory', method: 'POST', path: '/reserve' },
      { service: 'payments', method: 'POST', path: '/charge' },
    ],
    timeoutMs: 2_000,
    replicas: 2,
  },
];

/** What the gateway offers to the outside, and who serves it. */
export interface PublicRoute {
  method: 'GET' | 'POST';
  path: string;
  service: string;
  upstreamPath: string;
  /** Share of the generated load. */
  share: number;
}

export const PUBLIC_ROUTES: readonly PublicRoute[] = [
  {
    method: 'POST',
    path: '/checkout',
    service: 'checkout',
    upstreamPath: '/checkout',
    share: 0.6,
  },
  {
    method: 'GET',
    path: '/browse',
    service: 'recommendations',
    upstreamPath: '/recommendations',
    share: 0.4,
  },
];

/** The spec of a service by its name; an unknown name is a mistake of the caller. */
export function specOf(service: string): ServiceSpec {
  const spec = SHOP.find((candidate) => candidate.service === service);
  if (spec === undefined) {
    throw new Error(
      `unknown service ${service}: the shop has ${SHOP.map((known) => known.service).join(', ')}`,
    );
  }
  return spec;
}
