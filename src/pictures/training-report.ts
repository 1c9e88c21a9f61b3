// The training report as HTML without a script: for a page that has the style (style.ts), for a notebook, for a file.
import type { ReportFacts, StepFacts } from './report-facts.ts';
import {
  dataSection,
  hostSection,
  modelSections,
  paritySection,
  stepsSection,
  wideCard,
} from './sections.ts';
import { reportStyle } from './style.ts';
import { escapeText } from './text.ts';

/** What a report may have beside the facts of the model. */
export interface ReportExtras {
  /** What the estimator reported while it was fitted. */
  readonly steps?: readonly StepFacts[];
  /** Rows of each label. */
  readonly classCounts?: Readonly<Record<string, number>>;
  /** Built HTML of the search that found the model. */
  readonly leaderboard?: string;
  /** What became of it on a host, by name. */
  readonly host?: Readonly<Record<string, string>>;
}

const UNJUDGED = 'It was held against no rule.';

/** The first line of a report. */
export const verdictOf = ({ metrics }: ReportFacts): string => metrics.comparison?.sentence ?? UNJUDGED;

/** Builds the report of a model: its verdict, then a card for each thing that is known. */
export function buildTrainingReport(facts: ReportFacts, extras: ReportExtras = {}): string {
  const { steps = [], classCounts = {}, leaderboard = '', host = {} } = extras;
  const { better } = facts.metrics.comparison ?? {};
  const state = better === true ? ' rv-better' : better === false ? ' rv-worse' : '';
  const who = [facts.name, facts.trainer?.estimator, facts.created].filter((text) => text !== undefined);
  const cards = [
    wideCard(leaderboard),
    hostSection(host),
    ...modelSections(facts),
    stepsSection(steps),
    dataSection(facts, classCounts),
    paritySection(facts),
  ];
  return (
    `<h1 class="rv-verdict${state}">${escapeText(verdictOf(facts))}</h1><p>${escapeText(who.join(' · '))}</p>` +
    `<div class="rv-cards">${cards.join('')}</div>`
  );
}

/** Content together with its style, for where nothing else brings it: a notebook, a file. */
export const buildFragment = (content: string): string =>
  `<article class="rv-report"><style>${reportStyle}</style>${content}</article>`;

/** A card with a heading, as a fragment. @param content HTML */
export const buildCard = (title: string, content: string): string =>
  buildFragment(`<section class="rv-card"><h2>${escapeText(title)}</h2>${content}</section>`);

/** A fragment as a page that needs nothing else. */
export const buildPage = (title: string, fragment: string): string =>
  '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">' +
  '<meta name="viewport" content="width=device-width,initial-scale=1">' +
  '<meta name="color-scheme" content="light dark">' +
  `<title>${escapeText(title)}</title>` +
  '<style>body{margin:0;background:#f8f9fa}' +
  '@media (prefers-color-scheme:dark){body{background:#16191d}}</style></head>' +
  `<body>${fragment}</body></html>\n`;
