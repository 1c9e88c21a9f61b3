// The option that names a table of the history, for every part that reads one.
import { exportTables } from '../../export/options/index.ts';

export const tableOption = {
  type: 'choice',
  choices: exportTables,
  default: 'memory',
  about: 'which table',
  example: 'process',
} as const;
