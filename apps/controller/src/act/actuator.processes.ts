import { apiError, type ProcessService, processService, type SetReplicas } from '@flyball/contract';
import { type Actuator, type Change, Refusal, type TargetState } from './actuator.port.ts';

const TIMEOUT_MS = 3_000;
/** A process manager's answer is small; more is somebody else's. */
const MOST_BYTES = 1 << 20;

export interface ProcessesTarget {
  /** Base URL of the process manager. */
  readonly url: string;
  readonly service: string;
  readonly token: string | null;
  nowMs(): number;
}

type Answer =
  | { readonly kind: 'done'; readonly service: ProcessService }
  | { readonly kind: 'refused'; readonly code: string; readonly message: string };

/** Replicas as processes, through a process manager's HTTP API (contract `processService`). */
export class ProcessesActuator implements Actuator {
  constructor(private readonly target: ProcessesTarget) {}

  async read(): Promise<TargetState> {
    const answer = await this.#request('GET', '');
    if (answer.kind === 'refused') throw refusalOf(answer);
    return this.#state(answer.service);
  }

  async apply(change: Change, fence: number): Promise<TargetState> {
    if (typeof change.value !== 'number') {
      throw new Refusal('invalid', 'a replica count is one number');
    }
    const body: SetReplicas = {
      replicas: change.value,
      fence,
      expectedVersion: Number(change.expectedVersion),
      idempotencyKey: change.idempotencyKey,
      by: change.by.slice(0, 200),
    };
    const answer = await this.#request('PUT', '/replicas', body);
    if (answer.kind === 'done') return this.#state(answer.service);
    // A leader before us sent this change under its own fence, and it was carried out.
    if (answer.code === 'key-reused') {
      const now = await this.read();
      if (now.value === change.value) return now;
    }
    throw refusalOf(answer);
  }

  /** The manager's word is enough: it starts processes in its own time and reports them. */
  async verify(applied: TargetState): Promise<TargetState> {
    const now = await this.read();
    if (now.value === applied.value) return now;
    throw new Error(`read back ${now.value} replicas where ${applied.value} were set`);
  }

  #state(service: ProcessService): TargetState {
    return {
      version: String(service.version),
      value: service.desired,
      inForce: service.desired,
      ready: service.running,
      starting: service.starting,
      observedAtMs: this.target.nowMs(),
    };
  }

  async #request(method: string, path: string, body?: SetReplicas): Promise<Answer> {
    const { url, service, token } = this.target;
    const address = `${url.replace(/\/+$/, '')}/services/${encodeURIComponent(service)}${path}`;
    const response = await fetch(address, {
      method,
      headers: {
        ...(token === null ? {} : { authorization: `Bearer ${token}` }),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      redirect: 'error',
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    const text = await response.text();
    if (text.length > MOST_BYTES) throw new Error(`${address} answered ${text.length} bytes`);
    if (response.status === 409 || response.status === 422 || response.status === 400) {
      return { kind: 'refused', ...refusalBody(text) };
    }
    if (!response.ok) throw new Error(`${address} answered ${response.status}`);
    return { kind: 'done', service: processService.parse(JSON.parse(text)) };
  }
}

function refusalBody(text: string): { code: string; message: string } {
  try {
    const parsed = apiError.safeParse(JSON.parse(text));
    if (parsed.success) return parsed.data;
  } catch {
    // Not JSON: the text itself has to do.
  }
  return { code: 'unknown', message: text.slice(0, 300) };
}

function refusalOf({ code, message }: { code: string; message: string }): Refusal {
  const said = `the process manager refused: ${message}`;
  switch (code) {
    case 'fence-outdated':
      return new Refusal('stale-fence', said);
    case 'version-changed':
    case 'key-reused':
      return new Refusal('version-moved', said);
    default:
      return new Refusal('invalid', said);
  }
}
