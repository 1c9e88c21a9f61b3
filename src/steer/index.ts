// What acts on query DAGs: the door of src/steer, published as `ruvector-memopt/steer`.
export {};
