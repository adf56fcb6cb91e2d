import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type ProcessService, processService } from '@flyball/contract';
import { z } from 'zod';
import type { Stack } from './stack.ts';

const TIMEOUT_MS = 10_000;

export interface FaultWish {
  readonly kind: 'surge' | 'slow-instance' | 'error-burst' | 'dependency-down';
  readonly service?: string;
  readonly instance?: string;
  readonly magnitude?: number;
}

/** The demo shop from outside: its faults, its processes, its door. */
export class Shop {
  readonly #stack: Stack;

  constructor(stack: Stack) {
    this.#stack = stack;
  }

  /** Switches a fault on; the answer is its id. */
  async fault(wish: FaultWish): Promise<string> {
    const answer = await this.#send('POST', `${this.#stack.urls.demo}/faults`, wish);
    return z.object({ fault: z.object({ id: z.string() }) }).parse(answer).fault.id;
  }

  async endFault(id: string): Promise<void> {
    await this.#send('DELETE', `${this.#stack.urls.demo}/faults/${id}`);
  }

  async service(name: string): Promise<ProcessService> {
    return processService.parse(
      await this.#send('GET', `${this.#stack.urls.demo}/services/${name}`),
    );
  }

  /** What the gateway enforces at present. */
  async guard(): Promise<unknown> {
    return this.#send('GET', `${this.#stack.urls.demoGateway}/guard`);
  }

  /** One purchase through the front door; the status it is answered with. */
  async buy(): Promise<number> {
    const response = await fetch(`${this.#stack.urls.demoGateway}/checkout`, {
      method: 'POST',
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    await response.body?.cancel();
    return response.status;
  }

  /** What guards and the process manager authenticate with. */
  token(): string {
    return readFileSync(join(this.#stack.dataDir, 'guard-token'), 'utf8').trim();
  }

  async #send(method: string, url: string, body?: unknown): Promise<unknown> {
    const response = await fetch(url, {
      method,
      headers: { authorization: `Bearer ${this.token()}`, 'content-type': 'application/json' },
      body: body === undefined ? null : JSON.stringify(body),
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${url}: ${response.status} ${text}`);
    return text === '' ? null : JSON.parse(text);
  }
}
