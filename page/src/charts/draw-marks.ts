// What happened, drawn over a chart: moments as lines, times as shades, each with a sign of its own so that colour is
// not all that tells them apart.
import type uPlot from 'uplot';
import type { Mark } from '../api.ts';
import { colourOf } from './colours.ts';

const looks: Readonly<Record<Mark['kind'], { readonly colour: string; readonly sign: string }>> = {
  swap: { colour: 'mark-swap', sign: '◆' },
  action: { colour: 'mark-action', sign: '▼' },
  alert: { colour: 'mark-alert', sign: '!' },
  gap: { colour: 'quiet', sign: '' },
  label: { colour: 'mark-label', sign: '' },
};

/** Sign of a mark, as in the list of them. */
export const signOf = (kind: Mark['kind']): string => looks[kind]?.sign ?? '';

/** Times that lasted: alerts and gaps, under the lines. */
export function drawSpans(plot: uPlot, marks: readonly Mark[]): void {
  const { ctx, bbox } = plot;
  ctx.save();
  clip(plot);
  for (const { atMs, untilMs, kind } of marks) {
    if (kind !== 'alert' && kind !== 'gap') continue;
    const left = plot.valToPos(atMs, 'x', true);
    const right = plot.valToPos(untilMs ?? plot.scales['x']!.max!, 'x', true);
    ctx.globalAlpha = kind === 'gap' ? 0.12 : 0.16;
    ctx.fillStyle = colourOf(looks[kind].colour);
    ctx.fillRect(left, bbox.top, Math.max(right - left, 1), bbox.height);
  }
  ctx.restore();
}

/** Moments, and the one that is looked at, over the lines. */
export function drawMarks(plot: uPlot, marks: readonly Mark[], atMs: number | null): void {
  const { ctx, bbox } = plot;
  const scale = devicePixelRatio;
  ctx.save();
  clip(plot);
  ctx.font = `${10 * scale}px system-ui, sans-serif`;
  ctx.textAlign = 'center';
  ctx.textBaseline = 'top';
  let lastX = -Infinity;
  for (const mark of marks) {
    const look = looks[mark.kind];
    if (look === undefined || look.sign === '') continue;
    const x = Math.round(plot.valToPos(mark.atMs, 'x', true)) + 0.5;
    if (x < bbox.left || x > bbox.left + bbox.width) continue;
    // Where there are hundreds, each pixel gets one.
    if (x - lastX < 1) continue;
    ctx.strokeStyle = ctx.fillStyle = colourOf(look.colour);
    line(plot, x, mark.kind === 'action' ? [3 * scale, 3 * scale] : []);
    if (x - lastX > 10 * scale) ctx.fillText(look.sign, x, bbox.top);
    lastX = x;
  }
  if (atMs !== null) {
    ctx.strokeStyle = colourOf('text');
    ctx.lineWidth = 1.5 * scale;
    line(plot, Math.round(plot.valToPos(atMs, 'x', true)) + 0.5, []);
  }
  ctx.restore();
}

/** Everything outside of the window, in a veil. */
export function drawWindow(
  plot: uPlot,
  { fromMs, toMs }: { readonly fromMs: number; readonly toMs: number },
): void {
  const { ctx, bbox } = plot;
  const at = (ms: number): number =>
    Math.max(bbox.left, Math.min(bbox.left + bbox.width, plot.valToPos(ms, 'x', true)));
  ctx.save();
  ctx.fillStyle = colourOf('veil', 0.55);
  ctx.fillRect(bbox.left, bbox.top, at(fromMs) - bbox.left, bbox.height);
  ctx.fillRect(at(toMs), bbox.top, bbox.left + bbox.width - at(toMs), bbox.height);
  ctx.strokeStyle = colourOf('used');
  ctx.lineWidth = devicePixelRatio;
  ctx.strokeRect(at(fromMs), bbox.top, Math.max(at(toMs) - at(fromMs), 2), bbox.height);
  ctx.restore();
}

function line({ ctx, bbox }: uPlot, x: number, dash: readonly number[]): void {
  ctx.setLineDash(dash as number[]);
  ctx.beginPath();
  ctx.moveTo(x, bbox.top);
  ctx.lineTo(x, bbox.top + bbox.height);
  ctx.stroke();
}

function clip({ ctx, bbox }: uPlot): void {
  ctx.beginPath();
  ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
  ctx.clip();
}
