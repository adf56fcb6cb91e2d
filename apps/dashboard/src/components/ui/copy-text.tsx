'use client';

import { Check, Copy } from 'lucide-react';
import { useEffect, useState } from 'react';
import { Button } from './button.tsx';

/** `navigator.clipboard` exists only on secure origins; the old way works everywhere. */
async function copy(text: string): Promise<boolean> {
  if (navigator.clipboard) {
    return navigator.clipboard.writeText(text).then(
      () => true,
      () => false,
    );
  }
  const area = document.createElement('textarea');
  area.value = text;
  area.style.position = 'fixed';
  document.body.append(area);
  area.select();
  const done = document.execCommand('copy');
  area.remove();
  return done;
}

export function CopyText({ text, label = 'Copy' }: { text: string; label?: string }) {
  const [state, setState] = useState<'idle' | 'copied' | 'failed'>('idle');
  useEffect(() => {
    if (state === 'idle') return;
    const timer = setTimeout(() => setState('idle'), 2000);
    return () => clearTimeout(timer);
  }, [state]);
  const words = { idle: label, copied: 'Copied', failed: 'Select it by hand' };
  return (
    <Button
      small
      onClick={() => void copy(text).then((done) => setState(done ? 'copied' : 'failed'))}
    >
      {state === 'copied' ? <Check size={13} aria-hidden /> : <Copy size={13} aria-hidden />}
      <span aria-live="polite">{words[state]}</span>
    </Button>
  );
}

export function CodeBlock({ text }: { text: string }) {
  return (
    <div className="flex items-start gap-2 rounded-md border bg-sunken p-2 text-left">
      <pre className="min-w-0 flex-1 overflow-x-auto font-mono text-xs leading-5">{text}</pre>
      <CopyText text={text} />
    </div>
  );
}
