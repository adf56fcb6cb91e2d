import type { Answer, Request } from './answer.ts';

export interface CorsRules {
  /** Origins of pages that may send telemetry; `*` allows any. Empty: browsers are refused. */
  readonly origins: readonly string[];
}

function allowed(rules: CorsRules, request: Request): string | undefined {
  const { origin } = request.headers;
  if (origin === undefined) return undefined;
  return rules.origins.includes('*') || rules.origins.includes(origin) ? origin : undefined;
}

/** What lets a page read the answer. */
export function corsHeaders(rules: CorsRules, request: Request): Record<string, string> {
  const origin = allowed(rules, request);
  if (origin === undefined) return {};
  return {
    'access-control-allow-origin': origin,
    'access-control-expose-headers': 'retry-after',
    vary: 'origin',
  };
}

/** The answer to a browser's question before it sends. */
export function preflight(rules: CorsRules, request: Request, methods: readonly string[]): Answer {
  if (allowed(rules, request) === undefined) return { status: 403 };
  const wanted = request.headers['access-control-request-headers'];
  return {
    status: 204,
    headers: {
      'access-control-allow-methods': methods.join(', '),
      'access-control-allow-headers':
        typeof wanted === 'string' ? wanted : 'content-type, content-encoding',
      'access-control-max-age': '7200',
    },
  };
}
