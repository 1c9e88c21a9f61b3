// The bridge requests `export.range`, `export.recent` and `export.training`: parameters in snake_case →
// one job → its statistics. The file is written by this host, so its path must be absolute.
import { isAbsolute } from 'node:path';
import type { Compression, ExportConfig, ExportTable, LabelType } from '../../export/index.ts';
import type { RequestContext } from '../../bridge/index.ts';
import type { ExportJob, ExportResult } from '../exports/export-job.ts';
import { runExportInThread } from '../exports/export-service.ts';
import type { Host } from '../host/host-types.ts';
import { parseParams, requireParam } from './params.ts';
import { relativePathError } from '../errors.ts';

type Handler = (params: unknown, context: RequestContext) => Promise<ExportResult>;

/** What the requests need of a host. */
export type ExportRequestHost = Pick<Host, 'history' | 'home' | 'spec' | 'config'>;

/** Builds the part of the request table that exports. */
export function buildExportRequests(host: ExportRequestHost): Record<string, Handler> {
  return {
    'export.range': (params, context) => run(host, buildRangeJob(params), context),
    'export.recent': (params, context) => run(host, buildRecentJob(params), context),
    'export.training': (params, context) => run(host, buildTrainingJob(params), context),
  };
}

async function run(host: ExportRequestHost, job: ExportJob, context: RequestContext): Promise<ExportResult> {
  await host.history.flush();
  const { home, spec, config } = host;
  const { horizonMs } = config;
  const exportHost = { historyDirectory: home.history, spec, horizonMs, hasDescriptors: false };
  return runExportInThread(exportHost, job, { signal: context.signal, onProgress: context.progress });
}

const fileParams = { path: 'string', format: 'string', compression: 'string' } as const;
const configParams = {
  ...fileParams,
  tables: 'list',
  columns: 'string or list',
  anonymize: 'boolean',
  include_processes: 'boolean',
  include_events: 'boolean',
  sample_interval_ms: 'number',
  time_precision_ms: 'number',
  k: 'number',
  resume: 'boolean',
} as const;
const rangeParams = { ...configParams, from_ms: 'number', to_ms: 'number' } as const;
const recentParams = { ...configParams, hours: 'number' } as const;
const trainingParams = {
  ...fileParams,
  from_ms: 'number',
  to_ms: 'number',
  include_features: 'list',
  label_type: 'string',
  train_test_split: 'number',
  balance_classes: 'boolean',
  horizon_ms: 'number',
  blocks: 'number',
  include_acted: 'boolean',
  anonymize: 'boolean',
  time_precision_ms: 'number',
} as const;

function buildRangeJob(params: unknown): ExportJob {
  const request = 'export.range';
  const given = parseParams(request, rangeParams, params);
  const { from_ms: start, to_ms: end, format } = given;
  return { type: 'range', start, end, format, path: pathOf(request, given), config: configOf(given) };
}

function buildRecentJob(params: unknown): ExportJob {
  const request = 'export.recent';
  const given = parseParams(request, recentParams, params);
  const hours = requireParam(request, 'hours', given.hours);
  return {
    type: 'recent',
    hours,
    format: given.format,
    path: pathOf(request, given),
    config: configOf(given),
  };
}

function buildTrainingJob(params: unknown): ExportJob {
  const request = 'export.training';
  const given = parseParams(request, trainingParams, params);
  return {
    type: 'training',
    path: pathOf(request, given),
    config: {
      start: given.from_ms,
      end: given.to_ms,
      format: given.format,
      compression: given.compression as Compression | undefined,
      includeFeatures: given.include_features,
      labelType: given.label_type as LabelType | undefined,
      trainTestSplit: given.train_test_split,
      balanceClasses: given.balance_classes,
      horizonMs: given.horizon_ms,
      blocks: given.blocks,
      includeActed: given.include_acted,
      anonymize: given.anonymize,
      timePrecisionMs: given.time_precision_ms,
    },
  };
}

/** The exporter checks the values; here only their types were. */
function configOf(given: ReturnType<typeof parseParams<typeof configParams>>): ExportConfig {
  return {
    anonymize: given.anonymize,
    includeProcesses: given.include_processes,
    includeEvents: given.include_events,
    sampleIntervalMs: given.sample_interval_ms,
    compression: given.compression as Compression | undefined,
    tables: given.tables as readonly ExportTable[] | undefined,
    columns: given.columns as ExportConfig['columns'],
    timePrecisionMs: given.time_precision_ms,
    k: given.k,
    resume: given.resume,
  };
}

function pathOf(request: string, { path: given }: { readonly path?: string }): string {
  const path = requireParam(request, 'path', given);
  if (isAbsolute(path)) return path;
  throw relativePathError(request, path);
}
