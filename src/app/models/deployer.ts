// Deployments of a host, one after the other: a model is stored, judged and made live, and each caller gets what
// became of its own. A verdict holds only against what was live when it was given.
import { isRuvectorError, messageOf } from '../../core/index.ts';
import { taskOf } from '../../models/index.ts';
import type { GateReport, LiveMark, ModelPackage } from '../../models/index.ts';
import { cancelledDeploymentError } from '../../train/index.ts';
import type { Deployment, Host, HostListener, ModelUpload } from '../host/host-types.ts';
import { describeDeployment, withoutHeldOutRows } from './model-texts.ts';
import { checkTaskName } from './task-models.ts';

/** Takes models in. */
export interface Deployer {
  /** @throws RuvectorError `ERR_MODEL_*`; the live model stays */
  deploy(upload: ModelUpload): Promise<Deployment>;
  /** What became of the model that was deployed last. */
  readonly last: Deployment | null;
}

type DeployHost = Pick<Host, 'config' | 'registry' | 'models' | 'tasks' | 'training' | 'activate'>;

/** What is live may change while a model is judged: then it is judged again, this often. */
const MAX_JUDGEMENTS = 3;

/** Creates the deployer. `rule` is what a model is held against where nothing is live. */
export function createDeployer(
  host: DeployHost,
  rule: ModelPackage | null,
  listener: Pick<HostListener, 'onLog' | 'onDeployment' | 'onRefusedDeployment'>,
): Deployer {
  const onLog = (text: string): void => listener.onLog?.(text);
  let last: Deployment | null = null;
  let queue: Promise<unknown> = Promise.resolve();
  const run = async (upload: ModelUpload): Promise<Deployment> => {
    last = await deployOne(host, rule, upload, onLog);
    onLog(describeDeployment(last));
    listener.onDeployment?.(last);
    return last;
  };
  return {
    // Two that came at once must not both be judged against what the first one replaces.
    deploy: (upload) => {
      const deployed = queue.then(() => run(upload));
      queue = deployed.catch((error: unknown) => listener.onRefusedDeployment?.(error));
      return deployed;
    },
    get last() {
      return last;
    },
  };
}

async function deployOne(
  host: DeployHost,
  rule: ModelPackage | null,
  { activate, ...package_ }: ModelUpload,
  onLog: (text: string) => void,
): Promise<Deployment> {
  const named = package_.manifest['name'];
  const name = typeof named === 'string' ? named : host.config.modelName;
  refuseCancelled(host, name, package_);
  checkTaskName(host.config.modelName, name, taskOf(package_.manifest));
  const { version } = await host.registry.add({ name, ...package_ });
  // Nobody removes it before it was judged, however many come at once.
  using _held = host.registry.hold(name, version);
  try {
    const outcome =
      activate === undefined
        ? await judgeAndActivate(host, ruleOf(package_, rule), { name, version, package_ })
        : await activateAsAsked(host, { name, version, package_ }, activate);
    return { name, version, ...outcome, live: await readLive(host, name) };
  } catch (error) {
    onLog(`model ${name}@${version} stays a candidate: ${messageOf(error)}`);
    throw error;
  }
}

type Outcome = Omit<Deployment, 'name' | 'version' | 'live'>;

async function activateAsAsked(
  host: DeployHost,
  { name, version, package_ }: Candidate,
  isWanted: boolean,
): Promise<Outcome> {
  const common = { gate: null, judgedAgainst: null };
  if (!isWanted) return { ...common, isLive: false, swap: null, reason: 'stored as asked', replaced: null };
  const before = await readLive(host, name);
  refuseCancelled(host, name, package_);
  const swap = await host.activate(name, version);
  const replaced = swap?.previous ? `${name}@${swap.previous}` : before;
  return { ...common, isLive: true, swap, reason: 'made live as asked', replaced };
}

interface Candidate {
  readonly name: string;
  readonly version: string;
  readonly package_: Omit<ModelUpload, 'activate'>;
}

/** The champion gate: the new model and what decides now answer the rows neither learned from. */
async function judgeAndActivate(
  host: DeployHost,
  rule: ModelPackage | null,
  candidate: Candidate,
): Promise<Outcome> {
  const { name, version } = candidate;
  for (let attempt = 1; ; attempt++) {
    const { gate, mark } = await judge(host, rule, candidate);
    const judgedAgainst = gate.rivals.find(({ kind }) => kind === 'live')?.name ?? null;
    const common = { gate, judgedAgainst, reason: gate.reason };
    if (gate.verdict !== 'passed') return { ...common, isLive: false, swap: null, replaced: null };
    try {
      refuseCancelled(host, name, candidate.package_);
      const swap = await host.activate(name, version, mark);
      const before = mark?.answering ?? null;
      return { ...common, isLive: true, swap, replaced: before && `${name}@${before}` };
    } catch (error) {
      if (!isRuvectorError(error, 'ERR_MODEL_CHANGED')) throw error;
      if (attempt === MAX_JUDGEMENTS) {
        const reason = `what is live changed ${MAX_JUDGEMENTS} times while it was judged; deploy it again`;
        return { ...common, reason, isLive: false, swap: null, replaced: null };
      }
    }
  }
}

/** A training may be cancelled while its model is on the way, or judged: then it is not made live. */
function refuseCancelled({ training }: DeployHost, name: string, { manifest }: Pick<ModelUpload, 'manifest'>): void {
  const { run } = (manifest['trainer'] ?? {}) as { readonly run?: unknown };
  if (typeof run === 'string' && training.isCancelled(run)) throw cancelledDeploymentError(name);
}

/** The rule decides; models of other tasks are held against their baselines alone. */
const ruleOf = ({ manifest }: Pick<ModelUpload, 'manifest'>, rule: ModelPackage | null): ModelPackage | null =>
  taskOf(manifest) === 'classification' ? rule : null;

async function judge(
  { models, tasks }: DeployHost,
  rule: ModelPackage | null,
  { name, version, package_ }: Candidate,
): Promise<{ gate: GateReport; mark?: LiveMark }> {
  const host = tasks.find(name) ?? models;
  if (package_.heldOut !== undefined) return host.judge(`${name}@${version}`, rule);
  await host.verify(`${name}@${version}`);
  return { gate: withoutHeldOutRows };
}

/** `name@version` that is live: of the model that decides here what answers, of others what the registry says. */
async function readLive({ config, models, tasks, registry }: DeployHost, name: string): Promise<string | null> {
  const host = name === config.modelName ? models : tasks.find(name);
  if (host !== null) return host.liveVersion;
  const { live } = await registry.aliases(name);
  return live && `${name}@${live}`;
}
