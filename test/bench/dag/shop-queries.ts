// A workload for plans: a shop with skewed keys, and templates of queries whose parameters change how much they read.
// PostgreSQL runs and times each operator; nothing is simulated.

/** Draws a whole number below `end`. */
export type Draw = (end: number) => number;

/** A query with parameters to be drawn. */
export interface QueryTemplate {
  readonly name: string;
  readonly sql: (draw: Draw) => string;
}

/** Tables, keys that a few rows hold most of, indexes and statistics. */
export const shopTables = `
select setseed(0.42);
create table customers as select i as id, (random() * 20)::int as region, (5 * random() ^ 2)::int as segment,
  md5(i::text) as name from generate_series(1, 20000) i;
create table products as select i as id, (60 * random() ^ 2)::int as brand, (i % 25) as category,
  round((5 + 500 * random() ^ 3)::numeric, 2) as price from generate_series(1, 5000) i;
create table orders as select i as id, 1 + (19999 * random() ^ 3)::int as customer_id, (i / 200) as day,
  (4 * random() ^ 2)::int as status, round((500 * random() ^ 2)::numeric, 2) as total
  from generate_series(1, 150000) i;
create table items as select 1 + (149999 * random())::int as order_id, 1 + (4999 * random() ^ 3)::int as product_id,
  1 + (9 * random() ^ 3)::int as quantity from generate_series(1, 300000) i;
create table events as select i as id, 1 + (19999 * random() ^ 2)::int as customer_id, (i % 7) as kind,
  (i / 200) as day, repeat(md5(i::text), 2) as payload from generate_series(1, 150000) i;
alter table customers add primary key (id);
alter table products add primary key (id);
alter table orders add primary key (id);
create index on orders (customer_id);
create index on orders (day);
create index on items (order_id);
create index on items (product_id);
create index on events (customer_id);
analyze;`;

const days = (draw: Draw): string => {
  const from = draw(700);
  return `between ${from} and ${from + [1, 5, 30, 150, 600][draw(5)]!}`;
};
/** Small keys are hot. */
const customer = (draw: Draw): number => 1 + [3, 50, 2000, 19_000][draw(4)]! * (1 + draw(9)) * 0.1;
const customers = (draw: Draw): string =>
  `between ${Math.round(customer(draw))} and ${Math.round(customer(draw)) + 20_000 * [0.0005, 0.01, 0.2][draw(3)]!}`;

/** Thirty templates. */
export const shopQueries: readonly QueryTemplate[] = [
  { name: 'orders of days', sql: (d) => `select * from orders where day ${days(d)}` },
  {
    name: 'orders of days, sorted',
    sql: (d) => `select * from orders where day ${days(d)} order by total desc, id`,
  },
  {
    name: 'dearest orders',
    sql: (d) => `select * from orders where status >= ${d(5)} order by total desc limit ${1 + d(500)}`,
  },
  {
    name: 'revenue by day',
    sql: (d) => `select day, sum(total), count(*) from orders where day ${days(d)} group by day order by day`,
  },
  {
    name: 'revenue by region',
    sql: (d) => `select c.region, sum(o.total) from orders o join customers c on c.id = o.customer_id
      where o.day ${days(d)} group by c.region order by 2 desc`,
  },
  {
    name: 'orders of some customers',
    sql: (d) =>
      `select o.* from customers c join orders o on o.customer_id = c.id where c.id ${customers(d)}`,
  },
  {
    name: 'items of some customers',
    sql: (d) => `select i.* from customers c join orders o on o.customer_id = c.id
      join items i on i.order_id = o.id where c.id ${customers(d)}`,
  },
  {
    name: 'brands of days',
    sql: (d) => `select p.brand, sum(i.quantity * p.price) from orders o join items i on i.order_id = o.id
      join products p on p.id = i.product_id where o.day ${days(d)} group by p.brand`,
  },
  {
    name: 'brands by segment',
    sql: (d) => `select c.segment, p.brand, count(*) from customers c join orders o on o.customer_id = c.id
      join items i on i.order_id = o.id join products p on p.id = i.product_id
      where c.segment = ${d(6)} and o.day ${days(d)} group by 1, 2 order by 3 desc limit 20`,
  },
  {
    name: 'buyers of a brand',
    sql: (d) => `select count(distinct o.customer_id) from products p join items i on i.product_id = p.id
      join orders o on o.id = i.order_id where p.brand = ${d(61)}`,
  },
  {
    name: 'items of a category',
    sql: (d) => `select i.product_id, sum(i.quantity) from items i join products p on p.id = i.product_id
      where p.category < ${1 + d(25)} group by i.product_id having sum(i.quantity) > ${d(400)}`,
  },
  {
    name: 'rank within day',
    sql: (d) =>
      `select id, rank() over (partition by day order by total desc) from orders where day ${days(d)}`,
  },
  {
    name: 'running total',
    sql: (d) => `select id, sum(total) over (partition by customer_id order by day, id)
      from orders where customer_id ${customers(d)}`,
  },
  {
    name: 'customers without orders',
    sql: (d) => `select c.id from customers c where c.region < ${1 + d(20)}
      and not exists (select 1 from orders o where o.customer_id = c.id and o.day ${days(d)})`,
  },
  {
    name: 'customers with large orders',
    sql: (d) => `select c.* from customers c where c.id in
      (select customer_id from orders where total > ${d(500)}) and c.segment <= ${d(6)}`,
  },
  {
    name: 'last events',
    sql: (d) =>
      `select * from events where customer_id ${customers(d)} order by day desc, id limit ${10 + d(1000)}`,
  },
  {
    name: 'kinds of events',
    sql: (d) =>
      `select kind, count(*), count(distinct customer_id) from events where day ${days(d)} group by kind`,
  },
  {
    name: 'texts of events',
    sql: (d) => `select count(*) from events where payload like '%${d(1000)}%' and day ${days(d)}`,
  },
  {
    name: 'events and orders of a day',
    sql: (
      d,
    ) => `select count(*) from events e join orders o on o.customer_id = e.customer_id and o.day = e.day
      where e.day ${days(d)}`,
  },
  {
    name: 'union of both',
    sql: (d) => `select customer_id from orders where day ${days(d)} union
      select customer_id from events where day ${days(d)}`,
  },
  {
    name: 'union of all',
    sql: (d) => `select count(*) from (select customer_id from orders where total > ${d(500)} union all
      select customer_id from events where kind < ${1 + d(7)}) u`,
  },
  {
    name: 'common table twice',
    sql: (d) => `with large as materialized (select * from orders where total > ${d(480)})
      select a.customer_id, count(*) from large a join large b on b.id = a.id where a.day ${days(d)} group by 1`,
  },
  {
    name: 'average above average',
    sql: (d) => `select customer_id, avg(total) from orders group by customer_id
      having avg(total) > (select avg(total) from orders where day ${days(d)})`,
  },
  {
    name: 'most sold product by day',
    sql: (d) => `select distinct on (o.day) o.day, i.product_id, sum(i.quantity) s from orders o
      join items i on i.order_id = o.id where o.day ${days(d)} group by 1, 2 order by 1, 3 desc`,
  },
  {
    name: 'names of customers',
    sql: (d) =>
      `select name from customers where name ~ '^[a-f]{${d(5)}}' order by name limit ${1 + d(5000)}`,
  },
  {
    name: 'correlated count',
    sql: (
      d,
    ) => `select p.id, (select count(*) from items i where i.product_id = p.id and i.quantity > ${d(10)})
      from products p where p.brand < ${1 + d(20)}`,
  },
  {
    name: 'lateral last orders',
    sql: (d) => `select c.id, l.total from customers c cross join lateral
      (select total from orders o where o.customer_id = c.id order by day desc limit ${1 + d(5)}) l
      where c.id ${customers(d)}`,
  },
  {
    name: 'cube of items',
    sql: (d) => `select p.category, i.quantity, count(*) from items i join products p on p.id = i.product_id
      where i.quantity <= ${1 + d(10)} group by rollup (p.category, i.quantity)`,
  },
  {
    name: 'dear products of hot customers',
    sql: (d) => `select distinct p.id, p.price from products p join items i on i.product_id = p.id
      join orders o on o.id = i.order_id where p.price > ${d(300)} and o.customer_id < ${5 + d(2000)} order by p.price`,
  },
  {
    name: 'series of days',
    sql: (d) => `select g.day, coalesce(sum(o.total), 0) from generate_series(1, ${10 + d(700)}) as g(day)
      left join orders o on o.day = g.day group by g.day order by g.day`,
  },
];
