// A range of time, and how it is moved and zoomed.

export interface Span {
  readonly fromMs: number;
  readonly toMs: number;
}

/**
 * Makes another range of the newest one. Whoever handles a key, a wheel or a finger has seen the range that was drawn
 * last; two of them may come before the next one is drawn, and both count.
 */
export type SpanChange = (newest: Span) => Span;

/** Later by this share of its length; earlier when it is negative. */
export const moveBy =
  (share: number): SpanChange =>
  ({ fromMs, toMs }) => {
    const by = share * (toMs - fromMs);
    return { fromMs: fromMs + by, toMs: toMs + by };
  };

/** So many times as long, around a moment; around its middle without one. */
export const zoomBy =
  (factor: number, aroundMs?: number): SpanChange =>
  ({ fromMs, toMs }) => {
    const at = aroundMs ?? (fromMs + toMs) / 2;
    return { fromMs: at - (at - fromMs) * factor, toMs: at + (toMs - at) * factor };
  };

/** As long, around a moment. */
export const centreOn =
  (atMs: number): SpanChange =>
  ({ fromMs, toMs }) => {
    const half = (toMs - fromMs) / 2;
    return { fromMs: atMs - half, toMs: atMs + half };
  };
