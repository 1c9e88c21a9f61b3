// What of export needs none of what writes files: for a daemon, which exports in a child process, and for command lines.
export { exportArguments, exportOptions, exportTables, trainingOptions } from '../export-options.ts';
