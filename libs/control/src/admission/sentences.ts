import type { Sentence, Words } from '../explain.ts';
import type { AdmissionReason } from '../reasons.ts';

/** The wait, where it is known. */
function wait(w: Words): string {
  return w.has('waitMs') ? `; try again in ${w.duration('waitMs')}` : '';
}

const of =
  (part: string, whole: string): ((w: Words) => string) =>
  (w) =>
    `${w.number(part)} of ${w.number(whole)}`;

const running = of('running', 'maxConcurrent');
const queued = of('queued', 'maxQueue');
const depth = of('depth', 'maxItems');

export const ADMISSION_SENTENCES: { readonly [reason in AdmissionReason]: Sentence } = {
  'within-limit': () => 'The call is within its limits.',
  paced: (w) => `The call is within its limit and starts in ${w.duration('delayMs')}.`,
  'limit-reached': (w) => `The limit is reached${wait(w)}.`,
  'cost-above-limit': (w) => `A cost of ${w.number('cost')} is more than the limit ever allows.`,
  'user-burst-reached': (w) => `The user calls too fast${wait(w)}.`,
  'user-limit-reached': (w) => `The user has used all of the window's calls${wait(w)}.`,
  'ip-limit-reached': (w) => `The address has used all it may${wait(w)}.`,
  'global-limit-reached': (w) => `All together call more than the service takes${wait(w)}.`,

  'circuit-closed': () => 'The circuit is closed: calls pass.',
  'circuit-open': (w) => `The circuit is open: calls are refused${wait(w)}.`,
  'circuit-trial': () => 'The circuit is half open: a few calls may try.',
  'circuit-probe': (w) => `The call is one of ${w.number('probes')} that may try the callee.`,
  'circuit-probes-out': (w) => `All ${w.number('probes')} trial calls are out; others wait.`,
  'circuit-probe-succeeded': (w) =>
    `A trial call succeeded, ${w.number('successes')} of ${w.number('closeAfter')} needed.`,
  'circuit-recovered': (w) =>
    `${w.number('successes')} trial calls succeeded: the circuit is closed.`,
  'circuit-probe-failed': () => 'A trial call failed: the circuit is open again.',
  'circuit-probe-lost': () => 'A trial call did not come back: the circuit is open again.',
  'circuit-failures': (w) =>
    `${w.number('failures')} of the last ${w.number('calls')} calls failed, ` +
    `${w.number('threshold')} are enough to open the circuit.`,
  'circuit-failure-ratio': (w) =>
    `${w.number('failures')} of ${w.number('calls')} calls failed, ` +
    `more than the share of ${w.number('above')} that opens the circuit.`,
  'circuit-slow-ratio': (w) =>
    `${w.number('slow')} of ${w.number('calls')} calls took longer than ${w.duration('slowMs')}, ` +
    `more than the share of ${w.number('above')} that opens the circuit.`,
  'circuit-forced-open': () => 'The circuit is held open by hand.',
  'circuit-forced-closed': () => 'The circuit is held closed by hand.',
  'circuit-metrics-only': () => 'The circuit only watches: all calls pass.',
  'circuit-automatic': () => 'The circuit judges by itself again.',
  'circuit-reset': () => 'The circuit was closed by hand and has forgotten its results.',
  'result-counted': () => 'The result of the call was counted.',
  'result-ignored': () => 'This outcome says nothing about the callee; it was not counted.',
  'result-late': () => 'The call began in an earlier state; its result does not count any more.',

  'bulkhead-entered': (w) => `The call has a place, ${running(w)}.`,
  'bulkhead-queued': (w) => `All places are taken; the call waits, ${queued(w)}.`,
  'bulkhead-full': (w) => `All places are taken, ${running(w)}, and the queue is full.`,
  'bulkhead-left': (w) => `The call has left; ${running(w)} places are taken.`,
  'bulkhead-unknown': () => 'No call has this ticket any more.',
  'bulkhead-state': (w) => `${running(w)} places are taken; ${queued(w)} wait.`,

  'deadline-share': (w) =>
    `Of ${w.duration('remainingMs')} that are left the call has ${w.duration('timeoutMs')}.`,
  'deadline-too-short': (w) =>
    `The call would have ${w.duration('timeoutMs')}, too little to be of use; it is not made.`,
  'deadline-passed': (w) => `The ${w.duration('budgetMs')} of the request are over.`,

  'flight-leader': () => 'Nobody fetches this yet: the call does.',
  'flight-follower': (w) =>
    `Somebody fetches this already; ${w.number('followers')} wait, ` +
    `at most ${w.duration('waitMs')}.`,
  'flight-alone': () => 'There is no room to wait for each other: the call fetches alone.',
  'flight-crowded': (w) => `${w.number('followers')} wait for this already${wait(w)}.`,
  'flight-done': (w) => `The fetch has ended; ${w.number('followers')} waited for it.`,
  'flight-not-leader': () => 'Somebody else leads by now; this answer is not taken.',

  'queue-accepted': (w) => `The item is queued, ${depth(w)}.`,
  'queue-no-room': (w) => `The queue is full, ${depth(w)}, and nobody makes room for this item.`,
  'queue-tenant-full': () => 'The tenant has as many items waiting as it may.',
  'queue-tenants-full': () => 'There is no room for another tenant.',
  'queue-taken': (w) =>
    `An item of priority ${w.number('priority')} is next, after ${w.duration('waitedMs')}.`,
  'queue-empty': () => 'Nothing waits.',
  'queue-state': (w) => `${depth(w)} items wait.`,
};
