import type { Judgement, Unjudged } from '../approve/desk.port.ts';
import { formatSignal, unitFor } from '../approve/sentences.ts';
import { arbitrate } from '../decide/arbitrate.ts';
import type { Assessment } from '../orient/assess.ts';
import { errorRatio, readSignal, unitOf } from '../orient/signals.ts';

/** Errors that came with a change count as harm when they rose by this much. */
const HARM_ERRORS = 0.05;

/**
 * Did it help within the predicted time? Null: it is too early to say. A reduction harms when the
 * signal has gone over the threshold at which the loop would take it back.
 */
export function judge(
  action: Unjudged,
  assessment: Assessment | undefined,
  nowMs: number,
): Judgement | null {
  const { content, finishedAtMs } = action;
  const { prediction, before, after } = content;
  if (prediction.withinMs === null || prediction.high === null) {
    const text =
      content.unit === unitFor('replicas')
        ? 'Nothing was predicted, for there was no evidence.'
        : 'One step of a loop that steers all the time.';
    return { state: 'not-judged', text };
  }
  if (nowMs < finishedAtMs + prediction.withinMs) return null;
  const loop = assessment?.policy.loops.replicas;
  const reading = readSignal(prediction.signal, assessment?.view);
  if (assessment === undefined || loop === undefined || reading === null) {
    return { state: 'not-judged', text: 'There was no evidence when it was due.' };
  }
  const measured = reading.value * arbitrate(assessment).demandFactor;
  const unit = unitOf(prediction.signal);
  const seen =
    `${prediction.signal} is ${formatSignal(measured, unit)}, ` +
    `predicted was at most ${formatSignal(prediction.high, unit)}`;
  if (errorsRose(action, assessment)) {
    return { state: 'harmed', text: `Errors rose after it; ${seen}.` };
  }
  if (Number(after) > Number(before)) {
    return measured <= prediction.high
      ? { state: 'helped', text: `It came true: ${seen}.` }
      : { state: 'no-effect', text: `It did not come true: ${seen}.` };
  }
  const ceiling = loop.hysteresis?.up ?? prediction.high;
  return measured > ceiling
    ? { state: 'harmed', text: `It took too much away: ${seen}.` }
    : { state: 'helped', text: `It came true: ${seen}.` };
}

function errorsRose({ content }: Unjudged, { view }: Assessment): boolean {
  const before = content.evidence.find(({ signal }) => signal === 'errors.ratio')?.value ?? null;
  const red = view?.red ?? null;
  // A service in trouble may get worse in spite of the help: only a healthy one can be harmed.
  if (before === null || red === null || before > 0.01) return false;
  return Number(content.after) < Number(content.before) && errorRatio(red) > before + HARM_ERRORS;
}
