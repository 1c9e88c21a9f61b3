// What the held-out rows say of the model, for the demo's page: which features matter and whether it keeps its
// probabilities. Nothing for a model whose trainer did not measure it.
import type { TrainingFindings } from '../../client/index.ts';

const SHOWN_FEATURES = 8;

type Escape = (text: string) => string;
type Row = readonly (string | number)[];

/** Tables of importance and calibration. `escape` makes text safe for HTML. */
export function renderModelFindings({ calibration, importance }: TrainingFindings, escape: Escape): string {
  const losses = importance?.features
    .slice(0, SHOWN_FEATURES)
    .map(({ feature, drop, interval }): Row => [
      feature,
      drop.toFixed(3),
      `${interval[0].toFixed(3)} to ${interval[1].toFixed(3)}`,
    ]);
  const bins = calibration?.bins
    .filter(({ rows }) => rows > 0)
    .map(({ low, high, rows, confidence, accuracy }): Row => [
      `${low.toFixed(1)} to ${high.toFixed(1)}`,
      rows,
      confidence.toFixed(3),
      accuracy.toFixed(3),
    ]);
  const parts = [
    losses &&
      renderTable(
        escape,
        `What macro-F1 loses on ${importance!.rows} held-out rows when the blocks of one feature are shuffled`,
        ['feature', 'loss', '95 % interval'],
        losses,
      ),
    bins &&
      renderTable(
        escape,
        `How often the most probable label came, by its stated probability (expected calibration error ${calibration!.ece.toFixed(3)})`,
        ['stated probability', 'rows', 'on average', 'right'],
        bins,
      ),
  ];
  return parts.filter((part) => part !== undefined).join('');
}

function renderTable(
  escape: Escape,
  caption: string,
  heads: readonly string[],
  rows: readonly Row[],
): string {
  const head = heads.map((name) => `<th scope="col">${escape(name)}</th>`).join('');
  const body = rows
    .map((row) => `<tr>${row.map((cell) => `<td>${escape(String(cell))}</td>`).join('')}</tr>`)
    .join('');
  return `<table class="confusion"><caption>${escape(caption)}</caption><tr>${head}</tr>${body}</table>`;
}
