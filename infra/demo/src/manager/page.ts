import { readFileSync } from 'node:fs';
import type { ServerResponse } from 'node:http';
import { stripTypeScriptTypes } from 'node:module';
import { fileURLToPath } from 'node:url';

const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "connect-src 'self'",
  "img-src 'self' data:",
  "base-uri 'none'",
  "frame-ancestors 'none'",
].join('; ');

/** The control page's files. */
export interface ControlPage {
  /** Whether the path is one of the page's; it has been answered then. */
  serve(pathname: string, response: ServerResponse): boolean;
}

/** Reads the page once. Its script is the compiled one, or the source without its types. */
export function loadControlPage(): ControlPage {
  const files = new Map([
    ['/', { type: 'text/html; charset=utf-8', body: asset('../../page/index.html') }],
    ['/page.css', { type: 'text/css; charset=utf-8', body: asset('../../page/page.css') }],
    ['/page.js', { type: 'text/javascript; charset=utf-8', body: script() }],
  ]);
  return {
    serve(pathname, response) {
      const file = files.get(pathname);
      if (file === undefined) return false;
      response.writeHead(200, {
        'content-type': file.type,
        'content-length': Buffer.byteLength(file.body),
        'content-security-policy': POLICY,
        'x-content-type-options': 'nosniff',
        'referrer-policy': 'no-referrer',
        'cache-control': 'no-cache',
      });
      response.end(file.body);
      return true;
    },
  };
}

function script(): string {
  const isSource = fileURLToPath(import.meta.url).endsWith('.ts');
  return isSource
    ? stripTypeScriptTypes(asset('../page/client.ts'))
    : asset('../page/client.js').replace(/^\/\/# sourceMappingURL=.*$/m, '');
}

function asset(relative: string): string {
  return readFileSync(new URL(relative, import.meta.url), 'utf8');
}
