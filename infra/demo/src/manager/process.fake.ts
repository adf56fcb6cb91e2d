import type { ToChild } from '../process/messages.ts';
import type { ProcessEvents, StartProcess } from './process.port.ts';

/** A process that does what a test tells it to. */
export interface FakeProcess {
  service: string;
  instance: string;
  received: ToChild[];
  stopped: boolean;
  ready(): void;
  exit(): void;
}

/** Starts fake processes and remembers them all, oldest first. */
export function fakeProcesses(): { start: StartProcess; all: FakeProcess[] } {
  const all: FakeProcess[] = [];
  const start: StartProcess = (target, events: ProcessEvents) => {
    const started: FakeProcess = {
      ...target,
      received: [],
      stopped: false,
      ready: () => events.onMessage({ kind: 'ready', url: `http://${target.instance}` }),
      exit: () => events.onExit(),
    };
    all.push(started);
    return {
      pid: all.length,
      send: (message) => started.received.push(message),
      stop: () => {
        started.stopped = true;
      },
    };
  };
  return { start, all };
}
