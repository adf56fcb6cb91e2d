'use client';

import { type RefObject, useEffect, useState } from 'react';

const restMs = 500;

/**
 * False for half a second after the element came or moved within the page, so that a click meant
 * for what was there before does not hit what is there now. Scrolling by hand does not count.
 */
export function useSettled(ref: RefObject<HTMLElement | null>): boolean {
  const [settled, setSettled] = useState(false);
  useEffect(() => {
    const element = ref.current;
    if (!element) return;
    let place = placeOf(element);
    let timer = setTimeout(() => setSettled(true), restMs);
    const check = () => {
      const now = placeOf(element);
      if (Math.abs(now - place) < 1) return;
      place = now;
      setSettled(false);
      clearTimeout(timer);
      timer = setTimeout(() => setSettled(true), restMs);
    };
    // Whatever pushes the element also changes the size of something around it.
    const observer = new ResizeObserver(check);
    for (let at: HTMLElement | null = element; at !== null; at = at.parentElement) {
      observer.observe(at);
      for (const sibling of at.parentElement?.children ?? []) observer.observe(sibling);
    }
    const mutations = new MutationObserver(check);
    mutations.observe(document.body, { childList: true, subtree: true });
    return () => {
      clearTimeout(timer);
      observer.disconnect();
      mutations.disconnect();
    };
  }, [ref]);
  return settled;
}

/** Distance from the top of the page. */
function placeOf(element: HTMLElement): number {
  return element.getBoundingClientRect().top + window.scrollY;
}
