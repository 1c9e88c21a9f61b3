// The training report as HTML without a script.
import type { ReportFacts, StepFacts } from './report-facts.ts';
import { dataSection, modelSections, paritySection, stepsSection } from './sections.ts';
import { escapeText } from './text.ts';

/** What a report may have beside the facts of the model. */
export interface ReportExtras {
  /** What the estimator reported while it was fitted. */
  readonly steps?: readonly StepFacts[];
  /** Rows of each label. */
  readonly classCounts?: Readonly<Record<string, number>>;
}

/** Builds the report of a model: its verdict, then a card for each thing that is known. */
export function buildTrainingReport(facts: ReportFacts, extras: ReportExtras = {}): string {
  const { steps = [], classCounts = {} } = extras;
  const { sentence = 'It was held against no rule.', better } = facts.metrics.comparison ?? {};
  const state = better === true ? ' rv-better' : better === false ? ' rv-worse' : '';
  const who = [facts.name, facts.trainer?.estimator, facts.created].filter((text) => text !== undefined);
  const cards = [
    ...modelSections(facts),
    stepsSection(steps),
    dataSection(facts, classCounts),
    paritySection(facts),
  ];
  return (
    `<h1 class="rv-verdict${state}">${escapeText(sentence)}</h1><p>${escapeText(who.join(' · '))}</p>` +
    `<div class="rv-cards">${cards.join('')}</div>`
  );
}
