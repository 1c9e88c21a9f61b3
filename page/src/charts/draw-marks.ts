// What happened, drawn over a chart: moments as lines, times as shades, each with a sign of its own so that colour is
// not all that tells them apart.
import type uPlot from 'uplot';
import type { Mark } from '../api.ts';
import { urgencyOf } from '../text.ts';
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

/** Times that lasted, under the lines: alerts and gaps as shades, labels that ask for something as a strip below. */
export function drawSpans(plot: uPlot, marks: readonly Mark[]): void {
  const { ctx, bbox } = plot;
  const endMs = plot.scales['x']!.max!;
  const strip = 4 * devicePixelRatio;
  ctx.save();
  clip(plot);
  const fill = (fromMs: number, toMs: number, colour: string, isStrip: boolean): void => {
    const left = plot.valToPos(fromMs, 'x', true);
    ctx.fillStyle = colour;
    const width = Math.max(plot.valToPos(toMs, 'x', true) - left, 1);
    if (isStrip) ctx.fillRect(left, bbox.top + bbox.height - strip, width, strip);
    else ctx.fillRect(left, bbox.top, width, bbox.height);
  };
  for (const kind of ['gap', 'alert'] as const)
    for (const [fromMs, toMs] of joinSpans(
      marks.filter((mark) => mark.kind === kind),
      endMs,
    ))
      fill(fromMs, toMs, colourOf(looks[kind].colour, 0.13), false);
  for (const { kind, atMs, untilMs, text } of marks) {
    const urgency = kind === 'label' ? urgencyOf(text) : 0;
    const toMs = Math.min(untilMs ?? endMs, endMs);
    if (urgency > 0) fill(atMs, toMs, colourOf(urgency === 3 ? 'full' : 'some'), true);
  }
  ctx.restore();
}

/** Times that overlap as one, for twice a shade would be a darker one. */
function joinSpans(marks: readonly Mark[], endMs: number): [number, number][] {
  const joined: [number, number][] = [];
  for (const { atMs, untilMs } of marks) {
    const last = joined.at(-1);
    const toMs = untilMs ?? endMs;
    if (last !== undefined && atMs <= last[1]) last[1] = Math.max(last[1], toMs);
    else joined.push([atMs, toMs]);
  }
  return joined;
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
