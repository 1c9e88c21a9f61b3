// What the held-out rows say of a model beside its scores: whether it is better than the best rule, which features
// matter, and whether it keeps its probabilities. An older manifest has none of it.
import { escapeHtml } from './html-text.ts';
import { renderBars, renderSvg, renderTitled } from './product-parts.ts';
import type { Fact } from './product-parts.ts';
import { fieldsOf, numberOf, recordsOf, wordsOf, writeCount, writeScore } from './product-values.ts';
import type { Fields } from './product-values.ts';
import { Array, Math, Object } from '../primordials.ts';

const SHOWN_FEATURES = 10;
const SIDE = 180;
const LEFT = 34;

/** Whether it is better than the best rule: only the interval of the difference on held-out blocks may say so. */
export function factsOfComparison(scores: Fields): readonly Fact[] {
  const { rule, difference, interval, better } = fieldsOf(scores['comparison']);
  if (typeof rule !== 'string' || !Array.isArray(interval)) return [];
  const claim = better === true ? 'better' : better === false ? 'worse' : 'not shown to be better';
  const [low, high] = interval.map(writeSigned);
  return [
    ['than the best rule', `${claim}: ${writeSigned(difference)} over ${rule} (95 %: ${low} to ${high})`],
  ];
}

function writeSigned(value: unknown): string {
  const text = writeScore(value).replace('-', '−');
  return numberOf(value) > 0 ? `+${text}` : text;
}

/** Importance and calibration; empty text for what is not there. */
export function renderFindings(scores: Fields): readonly string[] {
  return [
    renderImportance(fieldsOf(scores['importance'])),
    renderCalibration(fieldsOf(scores['calibration'])),
  ];
}

function renderImportance(importance: Fields): string {
  const rows = recordsOf(importance['features']).slice(0, SHOWN_FEATURES);
  const losses = rows.map(({ feature, drop }) => [wordsOf(feature), numberOf(drop)] as const);
  const title = `Loss of ${wordsOf(importance['score'])} when a feature is shuffled, on ${writeCount(importance['rows'])} held-out rows`;
  return renderBars(title, Object.fromEntries(losses), writeScore);
}

/** Stated probability to the right, share that was right upwards; the size of a point says how many rows. */
function renderCalibration(calibration: Fields): string {
  const bins = recordsOf(calibration['bins']).filter(({ rows }) => numberOf(rows) > 0);
  if (bins.length === 0) return '';
  const most = Math.max(...bins.map(({ rows }) => numberOf(rows)));
  const points = bins.map(({ confidence, accuracy, rows }) => {
    const [x, y] = [LEFT + numberOf(confidence) * SIDE, 8 + (1 - numberOf(accuracy)) * SIDE];
    const radius = 3 + 5 * Math.sqrt(numberOf(rows) / most);
    const told = `${writeCount(rows)} rows: stated ${writeScore(confidence)}, right ${writeScore(accuracy)}`;
    return `<circle cx="${x.toFixed(1)}" cy="${y.toFixed(1)}" r="${radius.toFixed(1)}" style="fill:var(--jp-brand-color1,#4c8dd6)" fill-opacity=".8"><title>${escapeHtml(told)}</title></circle>`;
  });
  const foot = 8 + SIDE;
  const frame =
    `<path d="M${LEFT} 8V${foot}H${LEFT + SIDE}" fill="none" stroke="currentColor" stroke-opacity=".4"/>` +
    `<path d="M${LEFT} ${foot}L${LEFT + SIDE} 8" stroke="currentColor" stroke-opacity=".5" stroke-dasharray="4 3"/>`;
  const names =
    `<text x="${LEFT}" y="${foot + 16}" opacity=".7">0</text>` +
    `<text x="${LEFT + SIDE}" y="${foot + 16}" text-anchor="end" opacity=".7">stated probability 1</text>` +
    `<text x="24" y="${foot}" opacity=".7" transform="rotate(-90 24 ${foot})">share that was right</text>`;
  const title = `Calibration: expected error ${writeScore(calibration['ece'])}`;
  return renderTitled(title, renderSvg(LEFT + SIDE + 12, foot + 22, frame + names + points.join('')));
}
