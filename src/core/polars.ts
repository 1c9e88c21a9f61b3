// Polars, loaded when the first plan is built: it costs 90 ms and 40 MB that whoever makes no plan need not pay.
import { createRequire } from 'node:module';
import type polars from 'nodejs-polars';

/** What `import 'nodejs-polars'` gives. */
export type Polars = typeof polars;

const require = createRequire(import.meta.url);

/** At once, because a plan is put together without waiting. */
export const loadPolars = (): Polars => require('nodejs-polars') as Polars;
