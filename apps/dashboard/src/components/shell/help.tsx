'use client';

import { Dialog } from '../ui/dialog.tsx';
import { places } from './places.ts';

const general: [string, string][] = [
  ['Ctrl K or ⌘ K', 'Go to a page, a service, a loop or a trace id'],
  ['?', 'This help'],
  ['/', 'Focus the first filter of the page'],
];

const waterfall: [string, string][] = [
  ['s, w', 'Scroll down, up'],
  ['f, b or ↓, ↑', 'Next, previous span'],
  ['n', 'Next piece of the critical path'],
  ['] , [', 'Close, open one level'],
  ['← , →', 'Close, open the selected row'],
  ['+ , - , 0', 'Zoom in, out, show all'],
  ['Esc', 'Close the span’s details'],
];

export function Help(props: { open: boolean; onOpenChange: (open: boolean) => void }) {
  return (
    <Dialog open={props.open} onOpenChange={props.onOpenChange} title="Keyboard" wide>
      <div className="grid gap-5 text-sm sm:grid-cols-3">
        <Keys title="Everywhere" keys={general} />
        <Keys title="Go to" keys={places.map(({ key, label }) => [key, label])} />
        <Keys title="Trace" keys={waterfall} />
      </div>
    </Dialog>
  );
}

function Keys({ title, keys }: { title: string; keys: [string, string][] }) {
  return (
    <div>
      <h3 className="label-caps mb-1.5">{title}</h3>
      <dl className="grid grid-cols-[auto_1fr] gap-x-3 gap-y-1.5">
        {keys.map(([key, does]) => (
          <div key={key} className="contents">
            <dt>
              <kbd className="rounded border bg-sunken px-1 font-mono text-xs whitespace-nowrap">
                {key}
              </kbd>
            </dt>
            <dd className="text-muted">{does}</dd>
          </div>
        ))}
      </dl>
    </div>
  );
}
