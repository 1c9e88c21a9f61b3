// What can be asked over the bridge. Each request is a small function in one table; parameters are
// checked, results are plain JSON.
import { findProblems } from '../../core/index.ts';
import type { RequestContext, RequestHandler, RequestResult } from '../../bridge/index.ts';
import type { PruneReport } from '../../models/index.ts';
import { buildConfig } from '../host/config.ts';
import type { Deployment, Host } from '../host/host-types.ts';
import { buildExportRequests } from './export-requests.ts';
import type { ExportRequestHost } from './export-requests.ts';
import { optionsOf, paramsOf, parseParams, requireParam } from './params.ts';
import { networkOptions, searchOptions, trainOptions } from '../../train/index.ts';
import type { TrainJob } from '../../train/index.ts';
import { trainingSetOptions } from '../../prepare/index.ts';
import { describeExplanation } from '../host/status.ts';
import { buildStreamRequests } from './stream-requests.ts';
import { attachmentsError, paramsError } from '../errors.ts';

type Handler = (params: unknown, context: RequestContext) => Promise<unknown>;

/** Builds the table of requests for one host. */
export function buildRequests(host: RequestHost): Record<string, RequestHandler> {
  const table: Record<string, Handler> = {
    status: async () => host.status(),
    decide: async () => describeExplanation(await host.explain(), host.tasks.status()),
    'history.range': async () => host.history.stats(),
    'history.flush': async () => {
      await host.history.flush();
      return {};
    },
    'model.deploy': (params, context) => deploy(host, params, context),
    'models.list': async () => host.registry.list(),
    'models.show': async (params) => host.registry.show(reference('models.show', params)),
    'models.compare': async (params) => {
      const { a, b } = parseParams('models.compare', { a: 'string', b: 'string' }, params);
      return host.compareModels(
        requireParam('models.compare', 'a', a),
        requireParam('models.compare', 'b', b),
      );
    },
    'models.verify': (params) => verify(host, reference('models.verify', params)),
    'models.activate': async (params) => activate(host, params),
    'models.rollback': (params) => rollback(host, params),
    'models.remove': async (params) => {
      const { name, version } = await host.registry.resolve(reference('models.remove', params));
      await host.registry.remove(name, version);
      return { name, version };
    },
    'models.prune': (params) => prune(host, params),
    'models.repair': async (params) => host.models.repair(parseParams('models.repair', repairParams, params)),
    'samples.status': async () => host.samples.status(),
    'samples.import': (params) => importSamples(host, params),
    'samples.bootstrap': async () => ({ added: await host.samples.bootstrap() }),
    train: (params, context) => train(host, params, context),
    page: (params) => host.findPage(parseParams('page', { serve: 'boolean' }, params).serve ?? false),
    ...buildStreamRequests(host.streams),
    ...buildExportRequests(host),
  };
  return Object.fromEntries(
    Object.entries(table).map(([name, handler]) => [name, toRequestHandler(handler)]),
  );
}

/** What the requests need of a host. */
export type RequestHost = Pick<
  Host,
  | 'status'
  | 'explain'
  | 'history'
  | 'registry'
  | 'models'
  | 'tasks'
  | 'deploy'
  | 'training'
  | 'samples'
  | 'streams'
  | 'activate'
  | 'compareModels'
  | 'findPage'
> &
  ExportRequestHost;

function toRequestHandler(handler: Handler): RequestHandler {
  return async (params, context): Promise<RequestResult> => ({ result: await handler(params, context) });
}

const referenceParams = { reference: 'string' } as const;

function reference(request: string, params: unknown): string {
  return requireParam(request, 'reference', parseParams(request, referenceParams, params).reference);
}

const deployParams = { manifest: 'object', activate: 'boolean' } as const;

async function deploy(
  host: RequestHost,
  params: unknown,
  { attachments }: RequestContext,
): Promise<Deployment> {
  const parsed = parseParams('model.deploy', deployParams, params);
  const manifest = requireParam('model.deploy', 'manifest', parsed.manifest);
  const [model, golden, heldOut] = attachments;
  if (!model || !golden) {
    throw attachmentsError(attachments.length);
  }
  return host.deploy({ manifest, model, golden, heldOut, activate: parsed.activate });
}

async function activate(host: RequestHost, params: unknown): Promise<unknown> {
  const { name, version } = await host.registry.resolve(reference('models.activate', params));
  return { name, version, swap: await host.activate(name, version) };
}

/** Back to the version before, of the model that decides or of the named one. */
async function rollback(host: RequestHost, params: unknown): Promise<unknown> {
  const { name } = parseParams('models.rollback', { name: 'string' }, params);
  const side = name === undefined ? null : host.tasks.find(name);
  if (side !== null) return side.rollback();
  if (name === undefined || name === host.config.modelName) return host.models.rollback();
  const { live, previous } = await host.registry.rollback(name);
  return { name, version: live, previous };
}

const repairParams = { dryRun: 'boolean' } as const;
const pruneParams = { name: 'string', keep: 'number', dryRun: 'boolean' } as const;

async function prune(host: RequestHost, params: unknown): Promise<PruneReport> {
  const options = parseParams('models.prune', pruneParams, params);
  // Refused like the option of `serve`.
  buildConfig({ keepModels: options.keep ?? 0 });
  return host.registry.prune(options);
}

async function verify(host: RequestHost, ref: string): Promise<unknown> {
  const { name, version } = await host.registry.resolve(ref);
  return { name, version, ...(await host.models.verify(ref)) };
}

async function importSamples(host: RequestHost, params: unknown): Promise<{ added: number }> {
  const { json } = parseParams('samples.import', { json: 'string' }, params);
  return { added: await host.samples.importJson(requireParam('samples.import', 'json', json)) };
}

/** Options of a job by their names; `window` travels as that of a training set does. */
const trainTable = { ...trainOptions, ...networkOptions, window: trainingSetOptions.window } as const;

const trainParams = {
  ...paramsOf(trainTable),
  name: 'string',
  parameters: 'object',
  dataset: 'object',
  activate: 'boolean',
  search: 'object',
  layers: 'list of anything',
} as const;

async function train(host: RequestHost, params: unknown, context: RequestContext): Promise<unknown> {
  const given = parseParams('train', trainParams, params);
  const asked = optionsOf(trainTable, given);
  const { name, parameters, dataset, activate: isWanted, search, layers } = given as Partial<TrainJob>;
  const problems = [...findProblems(trainTable, asked), ...findSearchProblems(search)];
  if (problems.length > 0) throw paramsError('train', problems);
  const job = { name, parameters, dataset, activate: isWanted, search, layers, ...asked };
  const known = Object.entries(job).filter(([, value]) => value !== undefined);
  return host.training.train(Object.fromEntries(known) as Partial<TrainJob>, {
    signal: context.signal,
    onProgress: (step) => context.progress(step),
  });
}

function findSearchProblems(search: object = {}): string[] {
  const unknown = Object.keys(search).filter((name) => !Object.hasOwn(searchOptions, name));
  return [
    ...unknown.map((name) => `search.${name} is not known (known: ${Object.keys(searchOptions).join(', ')})`),
    ...findProblems(searchOptions, search as Readonly<Record<string, unknown>>).map(
      (problem) => `search.${problem}`,
    ),
  ];
}
