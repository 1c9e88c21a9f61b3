// The product's own results as pictures: training reports, decisions, explanations, exports, dataset cards,
// privacy reports, model swaps and verifications. Known by their fields, which are the same from the client, from
// the library and from the JSON of a card: the kernel imports nothing of the product for this.
import { escapeHtml } from './html-text.ts';
import { dataOf } from './inspect-property.ts';
import { drawDecision, drawExplanation } from './product-decision.ts';
import { drawModels, drawStatus, drawSwap, drawVerification } from './product-models.ts';
import { renderFacts } from './product-parts.ts';
import type { Fact, Picture } from './product-parts.ts';
import { drawCard, drawExport, drawPackage, drawPrivacy, drawTraining } from './product-training.ts';
import { Array, Math, String } from '../primordials.ts';

type Render = (result: Readonly<Record<string, unknown>>) => Picture;

const byShape: readonly (readonly [fields: readonly string[], render: Render])[] = [
  [['model', 'verdict', 'macroF1', 'confusionMatrix'], drawTraining],
  [['manifest', 'classCounts'], drawPackage],
  [['manifest', 'directory', 'version'], drawPackage],
  [['decision', 'features', 'safeguards', 'backend'], drawExplanation],
  [['label', 'source', 'reason', 'refusals', 'latency'], drawDecision],
  [['classCounts', 'labelRules', 'featureSpecSha256'], drawCard],
  [['rows', 'bytes', 'rowsPerSecond', 'tables'], drawExport],
  [['method', 'k', 'columns', 'notProtected'], drawPrivacy],
  [['kind', 'reference', 'answersLost', 'steps'], drawSwap],
  [['goldenRows', 'maxAbsDiff', 'labelMismatches', 'name'], drawVerification],
  [['pid', 'home', 'decisions', 'history', 'model'], drawStatus],
];

/** Data of a result of the product; null for anything else. */
export function showProduct(value: object): Record<string, unknown> | null {
  const render = Array.isArray(value) ? renderOfList(value) : renderOf(value);
  if (!render) return null;
  const { title, facts, parts = [] } = render(value as Readonly<Record<string, unknown>>);
  const html = [
    `<h4 style="margin:.2em 0">${escapeHtml(title)}</h4>`,
    facts.length > 0 ? renderFacts(facts) : '',
  ];
  return { 'text/html': [...html, ...parts].join(''), 'text/plain': renderText(title, facts) };
}

function renderOf(value: object): Render | undefined {
  const hasField = (field: string): boolean => dataOf(value, field) !== undefined;
  return byShape.find(([fields]) => fields.every(hasField))?.[1];
}

const isListing = (item: unknown): boolean =>
  typeof item === 'object' &&
  item !== null &&
  ['name', 'aliases', 'versions', 'damaged'].every((field) => dataOf(item, field) !== undefined);

function renderOfList(value: readonly unknown[]): Render | undefined {
  return value.length > 0 && value.every(isListing) ? drawModels : undefined;
}

function renderText(title: string, facts: readonly Fact[]): string {
  const width = Math.max(0, ...facts.map(([name]) => name.length));
  return [title, ...facts.map(([name, value]) => `  ${name.padEnd(width)}  ${String(value)}`)].join('\n');
}
