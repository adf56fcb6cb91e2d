'use client';

import { useSyncExternalStore } from 'react';

export const themes = ['system', 'light', 'dark'] as const;
export type Theme = (typeof themes)[number];

const storageKey = 'flyball-theme';

/** Runs before the first paint, so that a dark room is not lit up by a white flash. */
export const themeScript = `(function(){
var m=matchMedia('(prefers-color-scheme: dark)');
function a(){var s;try{s=localStorage.getItem('${storageKey}')}catch(e){}
document.documentElement.dataset.theme=s==='light'||s==='dark'?s:m.matches?'dark':'light'}
a();m.addEventListener('change',a);addEventListener('storage',a);addEventListener('flyball-theme',a)})()`;

function readTheme(): Theme {
  try {
    const stored = localStorage.getItem(storageKey);
    return themes.find((theme) => theme === stored) ?? 'system';
  } catch {
    return 'system';
  }
}

export function useTheme(): [Theme, (theme: Theme) => void] {
  const theme = useSyncExternalStore(
    (listener) => {
      window.addEventListener('flyball-theme', listener);
      return () => window.removeEventListener('flyball-theme', listener);
    },
    readTheme,
    () => 'system' as const,
  );
  const choose = (next: Theme) => {
    try {
      localStorage.setItem(storageKey, next);
    } catch {
      // Storage can be forbidden; the system's theme stays.
    }
    window.dispatchEvent(new Event('flyball-theme'));
  };
  return [theme, choose];
}
