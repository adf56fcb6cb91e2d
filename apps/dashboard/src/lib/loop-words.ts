import type { Autonomy, Loop, Verdict } from '@flyball/contract';

type LoopState = Loop['state'];

export const loopStateWords: Record<LoopState, string> = {
  running: 'Running',
  held: 'Held',
  'waiting-approval': 'Waits for approval',
  cooldown: 'Cooling down',
  shadow: 'Shadow',
  off: 'Off',
  stopped: 'Stopped',
};

export const loopStateVerdicts: Record<LoopState, Verdict> = {
  running: 'ok',
  held: 'warn',
  'waiting-approval': 'warn',
  cooldown: 'ok',
  shadow: 'ok',
  off: 'unknown',
  stopped: 'bad',
};

export const autonomyWords: Record<Autonomy, { name: string; about: string }> = {
  off: { name: 'Off', about: 'computes nothing and changes nothing' },
  shadow: { name: 'Shadow', about: 'computes and records what it would do, asks nobody' },
  ask: { name: 'Ask', about: 'proposes, and acts when somebody approves' },
  auto: { name: 'Auto', about: 'acts alone within its guards' },
};

export const autonomies: readonly Autonomy[] = ['off', 'shadow', 'ask', 'auto'];

/** The loop's page; `/api` before it is its resource. */
export function loopHref(loopId: string): string {
  return `/loops/${loopId.split('/').map(encodeURIComponent).join('/')}`;
}
