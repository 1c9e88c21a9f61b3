// pictures: a training report and its pictures as HTML and SVG, from the facts of a manifest. Pure text: it runs in
// Node, in a browser and in a notebook's kernel.
export { drawReliability } from './plots.ts';
export type { CalibrationFacts, ReportFacts, StepFacts } from './report-facts.ts';
export { matrixTable } from './tables.ts';
export { nameOfRule } from './text.ts';
export { buildTrainingReport } from './training-report.ts';
export type { ReportExtras } from './training-report.ts';
export { reportStyle } from './style.ts';
