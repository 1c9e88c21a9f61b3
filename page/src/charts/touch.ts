// Fingers on a chart: one moves through time, two zoom. Up and down still scroll the page.
import type uPlot from 'uplot';
import { moveBy, zoomBy } from '../span.ts';
import type { Latest } from './build-plot.ts';

/** Follows them until the returned function is called. */
export function followTouch({ over }: uPlot, now: Latest): () => void {
  const fingers = new Map<number, number>();
  const down = (event: PointerEvent): void => {
    if (event.pointerType === 'touch') fingers.set(event.pointerId, event.clientX);
  };
  const up = (event: PointerEvent): void => void fingers.delete(event.pointerId);
  const move = (event: PointerEvent): void => {
    const before = fingers.get(event.pointerId);
    const { onRange } = now.current;
    if (before === undefined || onRange === undefined) return;
    const width = over.clientWidth;
    const other = [...fingers].find(([id]) => id !== event.pointerId)?.[1];
    fingers.set(event.pointerId, event.clientX);
    if (other === undefined) {
      if (before !== event.clientX) onRange(moveBy((before - event.clientX) / width));
      return;
    }
    const apart = Math.max(20, Math.abs(before - other));
    const factor = apart / Math.max(20, Math.abs(event.clientX - other));
    const share = (other - over.getBoundingClientRect().left) / width;
    onRange((newest) => zoomBy(factor, newest.fromMs + share * (newest.toMs - newest.fromMs))(newest));
  };
  const listeners = { pointerdown: down, pointermove: move, pointerup: up, pointercancel: up } as const;
  for (const [name, listener] of Object.entries(listeners))
    over.addEventListener(name as 'pointerdown', listener);
  return () => {
    for (const [name, listener] of Object.entries(listeners))
      over.removeEventListener(name as 'pointerdown', listener);
  };
}
