'use client';

import { useEffect, useRef } from 'react';
import { type KeyState, pressKey } from './key-sequence.ts';

const typing = 'input, textarea, select, [contenteditable="true"], [role="textbox"]';
/** A dialog or a menu has the keyboard to itself. */
const modal = '[role="dialog"], [role="menu"]';

/** Calls the command bound to a key; says whether the key was used by answering true. */
export function useKeys(onKey: (name: string) => boolean): void {
  const state = useRef<KeyState>(null);
  const handler = useRef(onKey);
  useEffect(() => {
    handler.current = onKey;
  });
  useEffect(() => {
    const listener = (event: KeyboardEvent) => {
      if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
      const target = event.target;
      if (target instanceof Element && target.closest(typing)) return;
      if (document.querySelector(modal)) return;
      const pressed = pressKey(state.current, event.key, event.timeStamp);
      state.current = pressed.state;
      if (pressed.name !== null && handler.current(pressed.name)) event.preventDefault();
    };
    window.addEventListener('keydown', listener);
    return () => window.removeEventListener('keydown', listener);
  }, []);
}
