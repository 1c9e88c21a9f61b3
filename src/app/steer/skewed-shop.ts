// A workload on which estimates go wrong: keys of very different frequency, columns that depend on each other, across
// joins too, and rows that a top-k scan finds last. Five of its twelve templates are controls, where nothing is to be won.

/** A statement for each of eight parameters. */
export interface SkewTemplate {
  readonly name: string;
  readonly isControl: boolean;
  readonly statements: readonly string[];
}

/** Makes the tables, the same at each run. @param orders rows of the largest */
export const skewTables = (orders: number): string => `
  CREATE TABLE customers AS SELECT i AS id, 'c' || i AS name, 'r' || (i % 50) / 5 AS region, 'town ' || i % 50 AS town,
    CASE WHEN i <= 40 THEN 'vip' ELSE 'plain' END AS segment FROM generate_series(1, 5000) i;
  ALTER TABLE customers ADD PRIMARY KEY (id);
  CREATE UNIQUE INDEX ON customers (name);
  CREATE TABLE products AS SELECT i AS id, 'cat' || i % 20 AS category, 'brand' || i % 100 AS brand, 'line' || i % 200 AS line,
    i % 97 AS price FROM generate_series(1, 4000) i;
  ALTER TABLE products ADD PRIMARY KEY (id);
  CREATE TABLE orders AS
    WITH raw AS (SELECT i, 1 + floor(5000 * power((i::bigint * 7919 % 100003) / 100003.0, 4))::int AS customer
      FROM generate_series(1, ${orders}) i)
    -- Customers 100 to 107 ordered often, long ago, and for little.
    SELECT i AS id, CASE WHEN i % 6 = 0 AND i < ${orders * 0.15} THEN 100 + i / 6 % 8
        WHEN customer BETWEEN 100 AND 107 THEN customer + 200 ELSE customer END AS customer,
      1 + (i::bigint * 104729 % 4000)::int AS product, i % 13 AS channel,
      CASE WHEN i % 6 = 0 AND i < ${orders * 0.15} THEN i % 50 ELSE 50 + i % 1000 END AS amount
    FROM raw ORDER BY i;
  ALTER TABLE orders ADD PRIMARY KEY (id);
  CREATE INDEX ON orders (customer);
  CREATE INDEX ON orders (product);
  CREATE INDEX ON orders (amount, id);
  CREATE TABLE items AS SELECT i AS id, 1 + (i::bigint * 48271 % ${orders})::int AS order_id, i % 7 AS quantity
    FROM generate_series(1, ${orders}) i;
  ALTER TABLE items ADD PRIMARY KEY (id);
  CREATE INDEX ON items (order_id);
  -- Nobody thought of an index here.
  CREATE TABLE reviews AS SELECT i AS id, 1 + (i::bigint * 31 % 4000)::int AS product, i % 5 AS stars
    FROM generate_series(1, ${orders / 5}) i;
  ALTER TABLE reviews ADD PRIMARY KEY (id);
  ANALYZE`;

/** What a person who knows the workload would add. */
export const skewStatistics = `
  CREATE STATISTICS customers_place (dependencies, mcv) ON region, town FROM customers;
  CREATE STATISTICS products_kind (dependencies, mcv) ON category, brand, line FROM products;
  ALTER TABLE orders ALTER customer SET STATISTICS 1000, ALTER product SET STATISTICS 1000;
  ANALYZE`;

const eight = [0, 1, 2, 3, 4, 5, 6, 7];
const template = (name: string, statement: (at: number) => string, isControl = false): SkewTemplate => ({
  name,
  isControl,
  statements: eight.map(statement),
});

/** Columns that depend on each other: the planner takes one row, and there are twenty. */
const kind = (i: number): string =>
  `p.category = 'cat${i % 20}' AND p.brand = 'brand${i % 100}' AND p.line = 'line${i}'`;

/** Twelve templates, eight parameters each. */
export const skewTemplates: readonly SkewTemplate[] = [
  template(
    'latest of a customer',
    (i) => `SELECT id, channel FROM orders WHERE customer = ${100 + i} ORDER BY id DESC LIMIT 20`,
  ),
  template(
    'dearest of a customer',
    (i) => `SELECT id, amount FROM orders WHERE customer = ${100 + i} ORDER BY amount DESC, id DESC LIMIT 10`,
  ),
  template(
    'hot key',
    (i) =>
      `SELECT count(*), sum(p.price) FROM customers c JOIN orders o ON o.customer = c.id JOIN products p ON p.id = o.product
     WHERE c.name = 'c${1 + i}'`,
  ),
  template(
    'products of a town',
    (i) =>
      `SELECT count(DISTINCT o.product) FROM customers c JOIN orders o ON o.customer = c.id JOIN items t ON t.order_id = o.id
     WHERE c.region = 'r${i}' AND c.town = 'town ${i * 5 + (i % 5)}'`,
  ),
  template(
    'stars of a line',
    (i) =>
      `SELECT r.stars, count(*) FROM products p JOIN reviews r ON r.product = p.id WHERE ${kind(i * 11)} GROUP BY r.stars ORDER BY r.stars`,
  ),
  template(
    'reviewed orders',
    (i) =>
      `SELECT count(*), sum(o.amount) FROM products p JOIN reviews r ON r.product = p.id JOIN orders o ON o.product = p.id
     WHERE ${kind(i * 7)} AND r.stars = 4`,
  ),
  template(
    'segment',
    (i) =>
      `SELECT count(*), max(p.price) FROM customers c JOIN orders o ON o.customer = c.id JOIN products p ON p.id = o.product
     WHERE c.segment = 'vip' AND o.channel = ${i} AND o.amount < 300`,
  ),
  template('by key', (i) => `SELECT * FROM orders WHERE id = ${1 + i * 1009}`, true),
  template('count', (i) => `SELECT count(*) FROM reviews WHERE stars = ${i % 5} AND id > ${i}`, true),
  template('latest', (i) => `SELECT id FROM orders WHERE channel <> ${i} ORDER BY id DESC LIMIT 20`, true),
  template(
    'small join',
    (i) =>
      `SELECT c.name, o.amount FROM customers c JOIN orders o ON o.customer = c.id WHERE c.id = ${4000 + i} ORDER BY o.id`,
    true,
  ),
  template(
    'range',
    (i) => `SELECT max(channel), min(channel) FROM orders WHERE id BETWEEN ${i * 900} AND ${i * 900 + 4000}`,
    true,
  ),
];
