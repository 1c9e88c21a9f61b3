// The bridge requests `export.range`, `export.recent` and `export.training`: parameters → one job → its statistics. Their
// options are those of src/export/export-options.ts. The file is written by this host, so its path must be absolute.
import { relativePathError } from '../errors.ts';
import { isAbsolute } from 'node:path';
import { exportArguments, exportOptions, trainingOptions } from '../../export/options/index.ts';
import type { RequestContext } from '../../bridge/index.ts';
import type { ExportJob, ExportJobWatch, ExportResult } from '../exports/export-job.ts';
import { watchExport } from '../exports/export-log.ts';
import { runExportInChild } from '../exports/export-service.ts';
import type { Host } from '../host/host-types.ts';
import { optionsOf, paramsOf, parseParams, requireParam } from './params.ts';

type Handler = (params: unknown, context: RequestContext) => Promise<ExportResult>;

/** What the requests need of a host. */
export type ExportRequestHost = Pick<Host, 'history' | 'home' | 'spec' | 'config'>;

/** Builds the part of the request table that exports. */
export function buildExportRequests(host: ExportRequestHost): Record<string, Handler> {
  const run = (job: ExportJob, context: RequestContext): Promise<ExportResult> =>
    watchExport(host.home, job, context.progress, (onProgress) =>
      runExport(host, job, { signal: context.signal, onProgress }),
    );
  return {
    'export.range': (params, context) => run(buildRangeJob(params), context),
    'export.recent': (params, context) => run(buildRecentJob(params), context),
    'export.training': (params, context) => run(buildTrainingJob(params), context),
  };
}

async function runExport(
  host: ExportRequestHost,
  job: ExportJob,
  watch: ExportJobWatch,
): Promise<ExportResult> {
  await host.history.flush();
  const { home, spec, config } = host;
  const { horizonMs } = config;
  const exportHost = { historyDirectory: home.history, spec, horizonMs, hasDescriptors: false };
  return runExportInChild(exportHost, job, watch);
}

const rangeParams = { from_ms: 'number', to_ms: 'number' } as const;
const { path, format, hours } = exportArguments;
const targetParams = { ...paramsOf({ path, format }), ...paramsOf(exportOptions) };
const trainingParams = { ...paramsOf({ path, format }), ...paramsOf(trainingOptions), ...rangeParams };

function buildRangeJob(params: unknown): ExportJob {
  const request = 'export.range';
  const given = parseParams(request, { ...targetParams, ...rangeParams }, params);
  const { from_ms: start, to_ms: end } = given;
  return { type: 'range', start, end, ...targetOf(request, given), config: optionsOf(exportOptions, given) };
}

function buildRecentJob(params: unknown): ExportJob {
  const request = 'export.recent';
  const given = parseParams(request, { ...targetParams, ...paramsOf({ hours }) }, params);
  const newest = requireParam(request, 'hours', optionsOf({ hours }, given).hours);
  return {
    type: 'recent',
    hours: newest,
    ...targetOf(request, given),
    config: optionsOf(exportOptions, given),
  };
}

function buildTrainingJob(params: unknown): ExportJob {
  const request = 'export.training';
  const given = parseParams(request, trainingParams, params);
  const { from_ms: start, to_ms: end } = given;
  const { path: target, format: wanted } = targetOf(request, given);
  const config = { start, end, format: wanted, ...optionsOf(trainingOptions, given) };
  return { type: 'training', path: target, config };
}

function targetOf(
  request: string,
  params: Readonly<Record<string, unknown>>,
): { path: string; format: string | undefined } {
  const given = optionsOf({ path, format }, params);
  const target = requireParam(request, 'path', given.path);
  if (isAbsolute(target)) return { path: target, format: given.format };
  throw relativePathError(request, target);
}
