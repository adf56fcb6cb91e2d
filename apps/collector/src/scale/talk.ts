import type { Transferable } from 'node:worker_threads';

/** A worker, or a port of worker_threads. */
export interface Port {
  postMessage(message: unknown, transfer: Transferable[]): void;
  on(event: 'message', listener: (message: unknown) => void): unknown;
}

type Message =
  | { readonly kind: 'question'; readonly id: number; readonly question: unknown }
  | { readonly kind: 'answer'; readonly id: number; readonly answer: unknown }
  | { readonly kind: 'failure'; readonly id: number; readonly message: string };

interface Waiting {
  resolve(answer: unknown): void;
  reject(error: Error): void;
}

/** Questions and answers between two threads, in both directions over one port. */
export class Talk<Question, Answer> {
  private readonly waiting = new Map<number, Waiting>();
  private nextId = 0;
  private readonly port: Port;

  /** @param answer what the other side's questions are answered with; a rejection reaches it too */
  constructor(port: Port, answer: (question: never) => unknown) {
    this.port = port;
    port.on('message', (message) => void this.take(message as Message, answer));
  }

  /** @throws what the other side throws, or when it has not answered in time */
  ask(question: Question, timeoutMs: number, transfer: Transferable[] = []): Promise<Answer> {
    this.nextId += 1;
    const id = this.nextId;
    return new Promise<Answer>((resolve, reject) => {
      const late = () => end(reject, new Error(`a thread did not answer within ${timeoutMs} ms`));
      const timer = setTimeout(late, timeoutMs);
      const end = <Value>(settle: (value: Value) => void, value: Value) => {
        clearTimeout(timer);
        this.waiting.delete(id);
        settle(value);
      };
      this.waiting.set(id, {
        resolve: (answer) => end(resolve, answer as Answer),
        reject: (error) => end(reject, error),
      });
      this.port.postMessage({ kind: 'question', id, question } satisfies Message, transfer);
    });
  }

  private async take(message: Message, answer: (question: never) => unknown): Promise<void> {
    switch (message.kind) {
      case 'question':
        this.port.postMessage(await answered(message, answer), []);
        return;
      case 'answer':
        this.waiting.get(message.id)?.resolve(message.answer);
        return;
      case 'failure':
        this.waiting.get(message.id)?.reject(new Error(message.message));
    }
  }
}

async function answered(
  { id, question }: Extract<Message, { kind: 'question' }>,
  answer: (question: never) => unknown,
): Promise<Message> {
  try {
    return { kind: 'answer', id, answer: await answer(question as never) };
  } catch (error) {
    return { kind: 'failure', id, message: (error as Error).message };
  }
}
