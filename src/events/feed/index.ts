// Sources whose bytes come in their order.
export { openFedSource } from './fed-source.ts';
export type { ByteFeed, FeedDecoder } from './fed-source.ts';
