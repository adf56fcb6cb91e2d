'use client';

import { useSyncExternalStore } from 'react';

export const themes = ['system', 'light', 'dark'] as const;
export type Theme = (typeof themes)[number];

const storageKey = 'flyball-theme';
const changed = 'flyball-theme';

/** Runs before the first paint, so that a dark room is not lit up by a white flash. */
export const themeScript = `(() => {
  const dark = matchMedia('(prefers-color-scheme: dark)');
  const apply = () => {
    let chosen = null;
    try { chosen = localStorage.getItem('${storageKey}'); } catch {}
    const system = dark.matches ? 'dark' : 'light';
    document.documentElement.dataset.theme =
      chosen === 'light' || chosen === 'dark' ? chosen : system;
  };
  apply();
  dark.addEventListener('change', apply);
  addEventListener('storage', apply);
  addEventListener('${changed}', apply);
})()`;

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
      window.addEventListener(changed, listener);
      return () => window.removeEventListener(changed, listener);
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
    window.dispatchEvent(new Event(changed));
  };
  return [theme, choose];
}
