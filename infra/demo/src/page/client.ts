/// <reference lib="dom" />
/// <reference lib="dom.iterable" />
import type { Fault } from '../manager/faults.ts';
import type { ShopState } from '../manager/shop-manager.ts';
import type { GuardView } from '../process/messages.ts';

/** The control page: reads GET /state every second and presses the manager's buttons. */
const EVERY_MS = 1_000;
const TIMEOUT_MS = 4_000;

function byId<T extends HTMLElement>(id: string): T {
  const element = document.getElementById(id);
  if (element === null) throw new Error(`the page has no #${id}`);
  return element as T;
}

type Child = Node | string;

function element(tag: string, attributes: Record<string, string>, ...children: Child[]) {
  const created = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) created.setAttribute(name, value);
  created.append(...children);
  return created;
}

function number(value: number | null, digits = 0): string {
  return value === null ? '–' : value.toFixed(digits);
}

function percent(ratio: number): string {
  return `${Math.round(ratio * 100)} %`;
}

function clock(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1_000));
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;
}

async function send(method: string, path: string, body?: unknown): Promise<void> {
  const response = await fetch(path, {
    method,
    signal: AbortSignal.timeout(TIMEOUT_MS),
    ...(body === undefined
      ? {}
      : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
  });
  if (response.ok) return;
  const answer = (await response.json()) as { message?: string };
  throw new Error(answer.message ?? `the shop answered ${response.status}`);
}

let faultsOn: readonly Fault[] = [];

/** The faults a card stands for; from a shell there may be several of one kind. */
function faultsOf(form: HTMLFormElement): readonly Fault[] {
  return faultsOn.filter((fault) => fault.kind === form.dataset.kind);
}

function requestOf(form: HTMLFormElement): Record<string, unknown> {
  const fields = new FormData(form);
  const text = (name: string) => fields.get(name)?.toString() ?? '';
  const request: Record<string, unknown> = { kind: form.dataset.kind };
  if (fields.has('magnitude')) request.magnitude = Number(text('magnitude'));
  if (fields.has('percent')) request.magnitude = Number(text('percent')) / 100;
  if (fields.has('how')) request.how = text('how');
  if (fields.has('service')) request.service = text('service');
  if (fields.has('instance')) {
    const [service, instance] = text('instance').split(' ');
    Object.assign(request, { service, instance });
  }
  return request;
}

async function act(button: HTMLButtonElement, what: () => Promise<void>): Promise<void> {
  const problem = byId('problem');
  button.disabled = true;
  try {
    await what();
    problem.hidden = true;
    await refresh();
  } catch (error) {
    problem.textContent = error instanceof Error ? error.message : String(error);
    problem.hidden = false;
  } finally {
    button.disabled = false;
  }
}

function fill(select: HTMLSelectElement, options: { value: string; text: string }[]): void {
  const current = [...select.options].map((option) => option.value).join();
  if (current === options.map((option) => option.value).join()) return;
  const chosen = select.value || select.dataset.value || '';
  select.replaceChildren(
    ...options.map(({ value, text }) => element('option', { value }, text) as HTMLOptionElement),
  );
  if (options.some((option) => option.value === chosen)) select.value = chosen;
}

function showFaults(state: ShopState): void {
  faultsOn = state.faults;
  const services = state.services.map(({ service }) => ({ value: service, text: service }));
  const instances = state.services.flatMap(({ service, instances }) =>
    instances.map(({ instance }) => ({ value: `${service} ${instance}`, text: instance })),
  );
  const balanced = instances.sort((one, other) => rank(one.value) - rank(other.value));
  for (const form of document.querySelectorAll<HTMLFormElement>('form[data-kind]')) {
    for (const select of form.querySelectorAll('select')) {
      if (select.name === 'service') fill(select, services);
      if (select.name === 'instance') fill(select, balanced);
    }
    const faults = faultsOf(form);
    form.dataset.on = String(faults.length > 0);
    const button = form.querySelector('button');
    const output = form.querySelector('output');
    if (button !== null) button.textContent = faults.length > 0 ? 'Switch off' : 'Switch on';
    if (output !== null) {
      output.textContent = faults
        .map(({ text, untilMs }) => `${text}, ${clock(untilMs - state.nowMs)} left`)
        .join('; ');
    }
  }
}

/** Instances behind the gateway come first: there one sees the traffic move. */
function rank(value: string): number {
  if (value.startsWith('checkout ')) return 0;
  return value.startsWith('recommendations ') ? 1 : 2;
}

function showLoad(state: ShopState): void {
  const { load } = state;
  const figures: [string, string][] = [
    ['wanted', `${number(load?.targetPerSecond ?? null)} /s`],
    ['served', `${number(load?.okPerSecond ?? null)} /s`],
    ['limited, 429', `${number(load?.limitedPerSecond ?? null, 1)} /s`],
    ['failed', `${number(load?.failedPerSecond ?? null, 1)} /s`],
    ['p50', `${number(load?.p50Ms ?? null)} ms`],
    ['p99', `${number(load?.p99Ms ?? null)} ms`],
    ['CPU of the demo', `${number(state.cpuRatio, 2)} cores`],
  ];
  byId('load').replaceChildren(
    ...figures.map(([name, value]) =>
      element('div', {}, element('dt', {}, name), element('dd', {}, value)),
    ),
  );
}

function guardText(guard: GuardView): { state: string; text: string } {
  switch (guard.state) {
    case 'waiting':
      return { state: 'wait', text: 'No targets from the controller yet: equal weights' };
    case 'following': {
      const left = `they end in ${clock(guard.expiresInMs ?? 0)}`;
      const away = guard.failures > 0 ? '; the controller does not answer' : '';
      const state = guard.failures > 0 ? 'wait' : 'good';
      return { state, text: `Follows targets ${guard.version}, ${left}${away}` };
    }
    case 'expired':
      return { state: 'bad', text: 'Targets have ended: safe defaults' };
  }
}

function showGuards(guards: readonly GuardView[]): void {
  byId('guards').replaceChildren(
    ...guards.map((guard) => {
      const { state, text } = guardText(guard);
      const limit = guard.ratePerSecond;
      const rate = limit === null ? 'no limit' : `at most ${number(limit, 1)} requests/s`;
      const sum = Object.values(guard.weights).reduce((total, weight) => total + weight, 0);
      const weights = Object.entries(guard.weights).flatMap(([instance, weight]) => [
        element('span', {}, instance),
        element('meter', { value: String(weight / sum), 'aria-label': `share of ${instance}` }),
        element('span', {}, guard.unhealthy.includes(instance) ? 'out' : percent(weight / sum)),
      ]);
      return element(
        'div',
        { class: 'card' },
        element('h3', {}, guard.service),
        element('p', { class: 'state', 'data-state': state }, text),
        element('p', {}, `${rate}, ${guard.rejected} refused so far`),
        element('div', { class: 'weights' }, ...weights),
      );
    }),
  );
}

function showServices(state: ShopState): void {
  byId('services').replaceChildren(
    ...state.services.map(({ service, desired, running, starting, draining, views }) => {
      const parts = [
        `${running} of ${desired} running`,
        ...(starting > 0 ? [`${starting} starting`] : []),
        ...(draining > 0 ? [`${draining} draining`] : []),
      ];
      const head = ['instance', 'busy', 'queue', 'req/s', 'errors', 'CPU'];
      const rows = views.map(({ instance, state: life, stats, cpuRatio }) =>
        element(
          'tr',
          {},
          element('td', {}, life === 'running' ? instance : `${instance} (${life})`),
          busyCell(stats?.utilization ?? null),
          element('td', {}, number(stats?.queued ?? null)),
          element('td', {}, number(stats?.requestsPerSecond ?? null)),
          element('td', {}, stats === null ? '–' : percent(stats.errorRatio)),
          element('td', { class: 'wide' }, cpuRatio === null ? '–' : percent(cpuRatio)),
        ),
      );
      const cells = head.map((name) =>
        element('th', name === 'CPU' ? { scope: 'col', class: 'wide' } : { scope: 'col' }, name),
      );
      return element(
        'div',
        { class: 'service' },
        element('h3', {}, service, element('span', {}, parts.join(', '))),
        element(
          'table',
          {},
          element('thead', {}, element('tr', {}, ...cells)),
          element('tbody', {}, ...rows),
        ),
      );
    }),
  );
}

function busyCell(utilization: number | null): HTMLElement {
  if (utilization === null) return element('td', {}, '–');
  const meter = { value: String(utilization), low: '0.6', high: '0.75', optimum: '0' };
  return element(
    'td',
    {},
    percent(utilization),
    element('meter', { ...meter, 'aria-hidden': 'true' }),
  );
}

function showStatus(status: { state: string; text: string }): void {
  const output = byId('status');
  output.dataset.state = status.state;
  if (output.textContent !== status.text) output.textContent = status.text;
}

async function refresh(): Promise<void> {
  const response = await fetch('/state', { signal: AbortSignal.timeout(TIMEOUT_MS) });
  const state = (await response.json()) as ShopState;
  showStatus(
    state.isReady
      ? { state: 'good', text: 'Open' }
      : { state: 'wait', text: 'Starting its processes' },
  );
  const dashboard = byId<HTMLAnchorElement>('dashboard');
  dashboard.href = `${location.protocol}//${location.hostname}:${state.dashboardPort}/`;
  dashboard.hidden = false;
  showFaults(state);
  showLoad(state);
  showGuards(state.guards);
  showServices(state);
}

async function keepRefreshing(): Promise<void> {
  for (;;) {
    if (!document.hidden) {
      await refresh().catch(() =>
        showStatus({ state: 'bad', text: 'The shop does not answer: is it running?' }),
      );
    }
    await new Promise((resolve) => setTimeout(resolve, EVERY_MS));
  }
}

for (const form of document.querySelectorAll<HTMLFormElement>('form[data-kind]')) {
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    const button = form.querySelector('button');
    if (button === null) return;
    const faults = faultsOf(form);
    void act(button, async () => {
      if (faults.length === 0) return send('POST', '/faults', requestOf(form));
      for (const { id } of faults) await send('DELETE', `/faults/${id}`);
    });
  });
}

byId<HTMLFormElement>('load-form').addEventListener('submit', (event) => {
  event.preventDefault();
  const form = event.target as HTMLFormElement;
  const fields = new FormData(form);
  const button = form.querySelector('button');
  if (button === null) return;
  const change = { shape: fields.get('shape'), baseRatePerSecond: Number(fields.get('rate')) };
  void act(button, () => send('PUT', '/load', change));
});

void keepRefreshing();
