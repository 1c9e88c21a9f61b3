// pictures: a training report and its pictures as HTML and SVG, from the facts of a manifest. Pure text: it runs in
// Node, in browsers, in the kernel (by the published name `ruvector-memopt/pictures`) and in Python's JavaScript engine.
export { drawBars, drawReliability } from './plots.ts';
export type { CalibrationFacts, ReportFacts, StepFacts } from './report-facts.ts';
export { leaderboardSection } from './sections.ts';
export { factsTable, folded, matrixTable, rowsTable } from './tables.ts';
export { escapeText, intervalText, nameOfRule } from './text.ts';
export { buildCard, buildFragment, buildPage, buildTrainingReport, verdictOf } from './training-report.ts';
export type { ReportExtras } from './training-report.ts';
export { reportStyle } from './style.ts';
