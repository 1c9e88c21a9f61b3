// The database of the demo: the shop with its skew, and documents with vectors and an HNSW index.
import { openEmbedded } from './open-database.ts';
import type { OpenDatabase } from './open-database.ts';
import { skewTables, skewTemplates } from './skewed-shop.ts';

/** Rows of the shop's largest table, and documents. */
const [ORDERS, DOCUMENTS, DIMENSIONS] = [80_000, 4000, 16];

/** Vectors whose coordinates are sines: spread, and the same at each run. */
const vectorOf = (seed: string): string =>
  `(SELECT array_agg(sin(${seed} * (0.37 + k * 0.11) + k))::vector(${DIMENSIONS}) FROM generate_series(1, ${DIMENSIONS}) k)`;

const documents = `
  CREATE TABLE documents (id int, topic int, embedding vector(${DIMENSIONS}));
  INSERT INTO documents SELECT i, i % 10, ${vectorOf('i')}
    FROM generate_series(1, ${DOCUMENTS}) i;
  CREATE INDEX documents_embedding ON documents USING hnsw (embedding vector_l2_ops);
  ANALYZE documents`;

/** A statement of the demo, for parameters that were seen and others that were not. */
export interface DemoTemplate {
  readonly name: string;
  readonly statements: readonly string[];
}

/** The templates: each has eight statements, of which the last two are held out. */
export const demoTemplates: readonly DemoTemplate[] = [
  ...skewTemplates,
  {
    name: 'reviews of a product',
    statements: Array.from(
      { length: 8 },
      (_, i) => `SELECT count(*), max(stars) FROM reviews WHERE product = ${i * 100 + 7}`,
    ),
  },
];

/** Vectors that documents are asked to be near to. */
export async function makeProbes(database: OpenDatabase, count: number): Promise<string[]> {
  const { rows } = await database.client.query(
    `SELECT ${vectorOf('(q * 3.7 + 0.5)')}::text AS probe FROM generate_series(1, ${count}) q`,
  );
  return (rows as { probe: string }[]).map(
    ({ probe }) => `SELECT id FROM documents ORDER BY embedding <-> '${probe}' LIMIT 10`,
  );
}

/** Opens it: some seconds. */
export async function openDemoDatabase(): Promise<OpenDatabase> {
  const database = await openEmbedded();
  await database.exec(skewTables(ORDERS));
  await database.exec(documents);
  return database;
}

/** What happens in the middle: reviews pour in, and nobody runs ANALYZE. */
export const reviewsArrive = `
  INSERT INTO reviews SELECT ${ORDERS} + i, 1 + (i::bigint * 31 % 4000)::int, i % 5 FROM generate_series(1, ${ORDERS * 2}) i`;
