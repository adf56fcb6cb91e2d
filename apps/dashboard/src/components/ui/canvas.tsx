'use client';

import { useEffect, useRef } from 'react';

/** What a drawing gets: a context scaled to CSS pixels, its size, and the theme's colours. */
export type Paint = {
  context: CanvasRenderingContext2D;
  width: number;
  height: number;
  colour: (token: string) => string;
};

/** Draws again when the size, the theme or `draw` itself changes, once per frame at most. */
export function Canvas({ draw, className }: { draw: (paint: Paint) => void; className?: string }) {
  const ref = useRef<HTMLCanvasElement>(null);
  useEffect(() => {
    const canvas = ref.current;
    if (!canvas) return;
    let frame = 0;
    const schedule = () => {
      cancelAnimationFrame(frame);
      frame = requestAnimationFrame(() => paintOnce(canvas, draw));
    };
    schedule();
    const resize = new ResizeObserver(schedule);
    resize.observe(canvas);
    const theme = new MutationObserver(schedule);
    theme.observe(document.documentElement, { attributeFilter: ['data-theme'] });
    return () => {
      cancelAnimationFrame(frame);
      resize.disconnect();
      theme.disconnect();
    };
  }, [draw]);
  return <canvas ref={ref} aria-hidden className={className} />;
}

function paintOnce(canvas: HTMLCanvasElement, draw: (paint: Paint) => void): void {
  const { clientWidth: width, clientHeight: height } = canvas;
  const context = canvas.getContext('2d');
  if (!context || width === 0 || height === 0) return;
  const ratio = window.devicePixelRatio || 1;
  canvas.width = Math.round(width * ratio);
  canvas.height = Math.round(height * ratio);
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.clearRect(0, 0, width, height);
  const style = getComputedStyle(canvas);
  const known = new Map<string, string>();
  const colour = (token: string) => {
    let value = known.get(token);
    if (value === undefined) {
      value = style.getPropertyValue(token).trim();
      known.set(token, value);
    }
    return value;
  };
  draw({ context, width, height, colour });
}
