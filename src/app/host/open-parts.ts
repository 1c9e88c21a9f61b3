// What a host is made of before it runs: history, samples, registry, the rule as a model, and what answers by models.
import { messageOf } from '../../core/index.ts';
import type { Home } from '../../core/index.ts';
import { createModelHost, createProbe, openRegistry } from '../../models/index.ts';
import { buildFeatureSpec, featureSpecSha256 } from '../../prepare/index.ts';
import { openHistory } from '../../store/index.ts';
import { installBaseline } from '../models/baseline.ts';
import type { RuleBaseline } from '../models/baseline.ts';
import { createHostWindows } from '../models/host-windows.ts';
import { describeModelEvent } from '../models/model-texts.ts';
import { openTaskModels } from '../models/task-models.ts';
import type { HostConfig } from './config.ts';
import type { Host, HostListener } from './host-types.ts';
import { createSampleService } from './sample-service.ts';

const DAY_MS = 86_400_000;

/** The parts of one host. */
export interface HostParts extends Pick<
  Host,
  'history' | 'registry' | 'models' | 'tasks' | 'spec' | 'samples'
> {
  readonly baseline: RuleBaseline;
}

/** Opens them; each is closed by `cleanup`. @throws RuvectorError `ERR_STORE_LOCKED`, and what the rooms throw */
export async function openParts(
  home: Home,
  config: HostConfig,
  listener: HostListener,
  cleanup: AsyncDisposableStack,
): Promise<HostParts> {
  const history = cleanup.use(
    await openHistory(home.history, {
      retainMs: config.retainDays === 0 ? Infinity : config.retainDays * DAY_MS,
      retainBytes: config.retainMib * 2 ** 20,
      onProblem: (problem) => {
        listener.onLog?.(`${problem.code}: ${problem.message}`);
        listener.onProblem?.(problem);
      },
      onNotice: (text) => listener.onLog?.(text),
    }),
  );
  const spec = buildFeatureSpec({ intervalMs: 1000 / config.hz });
  const samples = cleanup.use(
    await createSampleService({ home, config, spec, history, onLog: (text) => listener.onLog?.(text) }),
  );
  const registry = await openRegistry(home.models, {
    keepVersions: config.keepModels,
    onNote: (text) => listener.onLog?.(text),
  });
  const contract = { featureNames: spec.names, featureSpecSha256: featureSpecSha256(spec) };
  const baseline = await installBaseline({
    registry,
    name: config.modelName,
    ...contract,
    isWanted: config.baseline,
    onLog: (text) => listener.onLog?.(text),
  });
  const answering = {
    registry,
    ...contract,
    rateWindowMs: spec.rateWindowMs,
    windows: createHostWindows(spec, history),
    probe: createProbe(),
  };
  const models = cleanup.use(
    await createModelHost({
      ...answering,
      name: config.modelName,
      onEvent: (event) => {
        listener.onLog?.(describeModelEvent(event));
        listener.onModelEvent?.(event);
      },
    }),
  );
  const tasks = cleanup.use(
    await openTaskModels({
      ...answering,
      modelName: config.modelName,
      onEvent: (event) => listener.onLog?.(describeModelEvent(event)),
    }),
  );
  // The limit may be lower than it was.
  await registry.prune().catch((error) => listener.onLog?.(`models were not pruned: ${messageOf(error)}`));
  return { history, registry, models, tasks, spec, samples, baseline };
}
