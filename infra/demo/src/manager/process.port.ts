import type { FromChild, ToChild } from '../process/messages.ts';

/** A running child process. */
export interface RunningProcess {
  readonly pid: number | undefined;
  send(message: ToChild): void;
  /** SIGTERM, and SIGKILL when it takes too long; `onExit` is called as for any other end. */
  stop(): void;
}

export interface ProcessEvents {
  onMessage(message: FromChild): void;
  /** Once, when the process has ended, for whatever reason. */
  onExit(): void;
}

/** Starts an instance of a service; the fleet does not know how. */
export type StartProcess = (
  target: { service: string; instance: string },
  events: ProcessEvents,
) => RunningProcess;
