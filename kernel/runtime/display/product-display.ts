// The product's own results as pictures: training reports, decisions, explanations, exports, dataset cards,
// privacy reports, model swaps and verifications. Known by their `kind`; those that files and registries write without
// one, by all of their fields. Of the product the kernel has only what draws training reports everywhere, by its published
// name.
import { escapeHtml } from './html-text.ts';
import { dataOf } from './inspect-property.ts';
import { drawDecision, drawExplanation } from './product-decision.ts';
import { drawPage } from './product-page.ts';
import { drawModels, drawStatus, drawSwap, drawVerification } from './product-models.ts';
import { renderFacts } from './product-parts.ts';
import type { Fact, Picture } from './product-parts.ts';
import { drawCard, drawExport, drawPrivacy } from './product-data.ts';
import { drawPackage, drawTraining } from './product-report.ts';
import { Array, Math, Object, String } from '../primordials.ts';

type Render = (result: Readonly<Record<string, unknown>>) => Picture;

/** What the fields hold that a picture cannot do without. */
const byKind: Readonly<Record<string, readonly [fields: readonly string[], render: Render]>> = {
  'training-report': [['model', 'confusionMatrix'], drawTraining],
  explanation: [['decision', 'features', 'safeguards'], drawExplanation],
  decision: [['label', 'source', 'reason'], drawDecision],
  'export-report': [['rows', 'tables'], drawExport],
  page: [['url', 'embedUrl'], drawPage],
  'swap-report': [['reference', 'steps'], drawSwap],
};

const byFields: readonly (readonly [fields: readonly string[], render: Render])[] = [
  [['manifest', 'classCounts'], drawPackage],
  [['manifest', 'directory', 'version'], drawPackage],
  [['classCounts', 'labelRules', 'featureSpecSha256'], drawCard],
  [['method', 'k', 'columns', 'notProtected'], drawPrivacy],
  [['goldenRows', 'maxAbsDiff', 'labelMismatches', 'name'], drawVerification],
  [['pid', 'home', 'decisions', 'history', 'model'], drawStatus],
];

/** Data of a result of the product; null for anything else. */
export function showProduct(value: object): Record<string, unknown> | null {
  const render = Array.isArray(value) ? renderOfList(value) : renderOf(value);
  if (!render) return null;
  const { title, facts, parts = [], html } = render(value as Readonly<Record<string, unknown>>);
  const head = [
    `<h4 style="margin:.2em 0">${escapeHtml(title)}</h4>`,
    facts.length > 0 ? renderFacts(facts) : '',
  ];
  return { 'text/html': html ?? [...head, ...parts].join(''), 'text/plain': renderText(title, facts) };
}

function renderOf(value: object): Render | undefined {
  const hasField = (field: string): boolean => dataOf(value, field) !== undefined;
  const kind = dataOf(value, 'kind');
  if (kind === undefined) return byFields.find(([fields]) => fields.every(hasField))?.[1];
  const [fields, render] =
    (typeof kind === 'string' && Object.hasOwn(byKind, kind) ? byKind[kind] : null) ?? [];
  return fields?.every(hasField) ? render : undefined;
}

const isListing = (item: unknown): boolean =>
  typeof item === 'object' &&
  item !== null &&
  ['name', 'aliases', 'versions', 'damaged'].every((field) => dataOf(item, field) !== undefined);

function renderOfList(value: readonly unknown[]): Render | undefined {
  // A hole of a sparse array is no model.
  return value.length > 0 && value.values().every(isListing) ? drawModels : undefined;
}

function renderText(title: string, facts: readonly Fact[]): string {
  const width = Math.max(0, ...facts.map(([name]) => name.length));
  return [title, ...facts.map(([name, value]) => `  ${name.padEnd(width)}  ${String(value)}`)].join('\n');
}
