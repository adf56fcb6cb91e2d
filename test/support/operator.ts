import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Session, session as sessionSchema } from '@flyball/contract';
import type { z } from 'zod';

export interface Answer {
  readonly status: number;
  readonly body: unknown;
}

/** A person at the API, as a browser would be: cookie, Origin, CSRF token. */
export class Operator {
  #cookie = '';
  #csrf = '';
  readonly origin: string;

  constructor(baseUrl: string) {
    this.origin = new URL(baseUrl).origin;
  }

  /** Signed in as the first admin of a stack that nobody has signed in to yet. */
  static async first(stack: { dataDir: string; urls: { dashboard: string } }): Promise<Operator> {
    const operator = new Operator(stack.urls.dashboard);
    await operator.redeemFirstLink(stack.dataDir);
    return operator;
  }

  /** Signs in by the one-time link that the first start leaves in the data directory. */
  async redeemFirstLink(dataDir: string): Promise<Session> {
    const file = join(dataDir, 'controller', 'first-sign-in.json');
    const { url_path } = JSON.parse(await readFile(file, 'utf8')) as { url_path: string };
    return this.redeem(url_path);
  }

  async redeem(signInPath: string): Promise<Session> {
    const token = new URL(signInPath, this.origin).searchParams.get('token');
    return this.#signedIn(await this.send('POST', '/api/auth/redeem', { token }));
  }

  async signIn(username: string, password: string): Promise<Session> {
    return this.#signedIn(await this.send('POST', '/api/auth/sign-in', { username, password }));
  }

  async get<Schema extends z.ZodType>(path: string, schema: Schema): Promise<z.output<Schema>> {
    const { status, body } = await this.send('GET', path);
    if (status !== 200) throw new Error(`GET ${path}: ${status} ${JSON.stringify(body)}`);
    return schema.parse(body);
  }

  /** What a browser sends by itself, and the token its page adds. */
  credentials(): Record<string, string> {
    return { cookie: this.#cookie, 'x-csrf-token': this.#csrf };
  }

  async send(
    method: string,
    path: string,
    body?: unknown,
    headers: Record<string, string> = {},
  ): Promise<Answer> {
    const response = await fetch(this.origin + path, {
      method,
      headers: {
        ...this.credentials(),
        origin: this.origin,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      body: body === undefined ? null : JSON.stringify(body),
      signal: AbortSignal.timeout(30_000),
    });
    const set = response.headers.getSetCookie().map((cookie) => cookie.split(';')[0] ?? '');
    if (set.length > 0) this.#cookie = set.join('; ');
    const text = await response.text();
    return { status: response.status, body: text === '' ? null : JSON.parse(text) };
  }

  #signedIn({ status, body }: Answer): Session {
    if (status !== 200) throw new Error(`sign-in: ${status} ${JSON.stringify(body)}`);
    const session = sessionSchema.parse(body);
    this.#csrf = session.csrfToken;
    return session;
  }
}
