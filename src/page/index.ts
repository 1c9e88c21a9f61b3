// page: the live page of a daemon over HTTP and WebSocket, on loopback alone: who may look, the history by zoom at one
// fixed cost, the newest samples as they come. Not the page itself, which is page/ at the root, and not what a host says
// of itself, which app gives. Guide: docs/page.md
export { openPage } from './page-server.ts';
export type { OpenPage, PageOptions } from './page-server.ts';
export { pageFields } from './page-fields.ts';
export { pageActions } from './page-source.ts';
export type { DecidedMoment, PageAction, PageMark, PageRow, PageSource } from './page-source.ts';
export { createLiveFeed } from './live-feed.ts';
export type { LiveFrame } from './live-feed.ts';
