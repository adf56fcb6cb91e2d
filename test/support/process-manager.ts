import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type ProcessService, setReplicas } from '@flyball/contract';

/** A process manager that starts nothing: it remembers, counts and can be made to stall. */
export class ManagerDouble {
  desired = 2;
  version = 1;
  fence = 0;
  /** Changes that were really made, in order. */
  readonly changes: { replicas: number; fence: number; key: string }[] = [];
  /** Every PUT that came, accepted or not. */
  readonly puts: { fence: number; key: string; status: number }[] = [];
  /** Set: requests of this kind wait for it before they are answered. */
  stall: { kind: 'GET' | 'PUT'; until: Promise<void> } | null = null;
  /** Told when a request begins to wait. */
  onStall: () => void = () => {};
  readonly #answers = new Map<string, ProcessService>();
  readonly #server: Server;

  private constructor() {
    this.#server = createServer((request, response) => {
      this.#serve(request, response).catch(() => response.destroy());
    });
  }

  static async start(): Promise<ManagerDouble> {
    const manager = new ManagerDouble();
    await new Promise<void>((done) => manager.#server.listen(0, '127.0.0.1', done));
    return manager;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((done) => this.#server.close(done));
  }

  #state(): ProcessService {
    const { version, desired, fence } = this;
    const running = desired;
    return {
      service: 'checkout',
      version,
      desired,
      running,
      starting: 0,
      draining: 0,
      fence,
      startUpMs: null,
      instances: [],
    };
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const [status, body] =
      request.method === 'PUT'
        ? this.#set(JSON.parse(Buffer.concat(chunks).toString('utf8')))
        : [200, this.#state()];
    const { stall } = this;
    if (stall !== null && stall.kind === request.method) {
      this.onStall();
      await stall.until;
    }
    response.writeHead(status, { 'content-type': 'application/json' });
    response.end(JSON.stringify(body));
  }

  #set(given: unknown): [status: number, body: unknown] {
    const wish = setReplicas.parse(given);
    const key = wish.idempotencyKey;
    const answer = (status: number, body: unknown): [number, unknown] => {
      this.puts.push({ fence: wish.fence, key, status });
      return [status, body];
    };
    const earlier = this.#answers.get(key);
    if (earlier !== undefined) return answer(200, earlier);
    const refuse = (code: string) => answer(409, { code, message: code, details: this.#state() });
    if (wish.fence < this.fence) return refuse('fence-outdated');
    this.fence = wish.fence;
    if (wish.expectedVersion !== this.version) return refuse('version-changed');
    this.desired = wish.replicas;
    this.version += 1;
    this.changes.push({ replicas: wish.replicas, fence: wish.fence, key });
    this.#answers.set(key, this.#state());
    return answer(200, this.#state());
  }
}
