// Tables to files. The writers in interim/ keep every promise of the contract but speed.
export { readInterrupted, writeTables } from './interim/write-tables.ts';
