import { apiError } from '@flyball/contract';

/** The one way to the controller: same origin, parsed by the contract, failures that explain. */

export class ApiFailure extends Error {
  readonly status: number;
  readonly code: string;
  readonly details: unknown;

  constructor(status: number, code: string, message: string, details?: unknown) {
    super(message);
    this.name = 'ApiFailure';
    this.status = status;
    this.code = code;
    this.details = details;
  }
}

/** Not the controller's answer at all: it, or the network, is away. */
export function isAway(error: unknown): boolean {
  return (
    error instanceof ApiFailure &&
    (error.status === 0 || error.status === 502 || error.status === 503 || error.status === 504)
  );
}

/** What a schema of the contract does for us. */
type Schema<T> = {
  safeParse: (
    value: unknown,
  ) =>
    | { success: true; data: T }
    | { success: false; error: { issues: { path: PropertyKey[]; message: string }[] } };
};

const timeoutMs = 20_000;

type Query = Record<string, string | number | readonly string[] | null | undefined>;

export function withQuery(path: string, query: Query): string {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value === null || value === undefined || value === '') continue;
    const values = typeof value === 'object' ? value : [String(value)];
    for (const one of values) search.append(name, one);
  }
  const text = search.toString();
  return text === '' ? path : `${path}?${text}`;
}

async function send(path: string, init: RequestInit): Promise<Response> {
  try {
    return await fetch(path, {
      credentials: 'same-origin',
      cache: 'no-store',
      ...init,
      signal: init.signal
        ? AbortSignal.any([init.signal, AbortSignal.timeout(timeoutMs)])
        : AbortSignal.timeout(timeoutMs),
    });
  } catch (error) {
    if (error instanceof DOMException && error.name === 'AbortError') throw error;
    const late = error instanceof DOMException && error.name === 'TimeoutError';
    throw new ApiFailure(
      0,
      late ? 'timeout' : 'dashboard-unreachable',
      late
        ? `No answer to ${path} within ${timeoutMs / 1000} s. The controller may be overloaded.`
        : 'The dashboard does not answer. Check your network, and that it is running.',
    );
  }
}

async function failureFrom(response: Response, path: string): Promise<ApiFailure> {
  const body: unknown = await response.json().catch(() => null);
  const parsed = apiError.safeParse(body);
  if (!parsed.success) {
    return new ApiFailure(
      response.status,
      'unexplained',
      `${path} answered ${response.status} ${response.statusText} without an explanation.`,
    );
  }
  const { code, message, details } = parsed.data;
  return new ApiFailure(response.status, code, message, details);
}

async function readJson<T>(response: Response, path: string, schema: Schema<T>): Promise<T> {
  if (!response.ok) throw await failureFrom(response, path);
  const parsed = schema.safeParse(await response.json().catch(() => undefined));
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  throw new ApiFailure(
    response.status,
    'bad-answer',
    `The answer of ${path} does not fit the contract at ` +
      `"${issue?.path.map(String).join('.') ?? ''}" (${issue?.message ?? 'unknown'}). ` +
      'Dashboard and controller are probably of different versions: restart both.',
  );
}

export async function getJson<T>(
  path: string,
  schema: Schema<T>,
  signal?: AbortSignal,
): Promise<T> {
  const response = await send(path, signal ? { signal } : {});
  return readJson(response, path.split('?')[0]!, schema);
}

type Mutation = {
  method: 'POST' | 'PATCH' | 'DELETE';
  path: string;
  csrfToken: string;
  body?: unknown;
  idempotencyKey?: string;
};

async function mutate(mutation: Mutation): Promise<Response> {
  const headers: Record<string, string> = { 'X-CSRF-Token': mutation.csrfToken };
  if (mutation.body !== undefined) headers['Content-Type'] = 'application/json';
  if (mutation.idempotencyKey) headers['Idempotency-Key'] = mutation.idempotencyKey;
  return send(mutation.path, {
    method: mutation.method,
    headers,
    ...(mutation.body === undefined ? {} : { body: JSON.stringify(mutation.body) }),
  });
}

/** A mutation whose answer matters. */
export async function mutateJson<T>(mutation: Mutation, schema: Schema<T>): Promise<T> {
  return readJson(await mutate(mutation), mutation.path, schema);
}

/** A mutation of which only success or failure matters. */
export async function mutateOnly(mutation: Mutation): Promise<void> {
  const response = await mutate(mutation);
  if (!response.ok) throw await failureFrom(response, mutation.path);
}

/** `crypto.randomUUID` is there only on secure origins; a dashboard on a LAN is not one. */
export function newIdempotencyKey(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
