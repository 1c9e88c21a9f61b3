// steer/sql: steers the queries of a database connection. Knows of the other parts only policy.
export {};
