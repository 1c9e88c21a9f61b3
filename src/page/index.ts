// page: the live page of a daemon over HTTP and WebSocket, on loopback alone: who may look, the history by zoom at one
// fixed cost, the newest samples as they come. Not the page itself, which is page/ at the root, and not what a host says
// of itself, which app gives. Guide: docs/page.md
export { openPage } from './page-server.ts';
export type { OpenPage, PageOptions } from './page-server.ts';
export type { DecidedMoment, JsonText, PageAction, PageMark, PageRow, PageSource } from './page-source.ts';
export { createLiveFeed } from './live-feed.ts';
export type { LiveFrame } from './live-feed.ts';
export { pageFieldsOf } from './range-plan.ts';
export { createHistoryRanges } from './history-ranges.ts';
export type { HistoryRanges, RangeAnswer, RangeQuestion } from './history-ranges.ts';
export { readMoment } from './moment.ts';
export type { MomentAnswer } from './moment.ts';
export { readGaps } from './gaps.ts';
export { planRange } from './plan-range.ts';
export { readProcesses } from './process-history.ts';
export type { ProcessAnswer, ProcessQuestion } from './process-history.ts';
export { planSql } from './plan-sql.ts';
