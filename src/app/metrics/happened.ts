// Counts of what a host tells its listeners: actions by actuator and result, what became of models. What the parts
// of the daemon count themselves is not counted here again.
import { isRuvectorError } from '../../core/index.ts';
import type { Decision } from '../../optimize/index.ts';
import type { HostListener } from '../host/host-types.ts';

/** Counts since the start. */
export interface HappenedCounts {
  /** By actuator, then by result. */
  readonly actions: ReadonlyMap<string, ReadonlyMap<ActionOutcome, number>>;
  readonly modes: Readonly<Record<Decision['mode'], number>>;
  readonly deployments: Readonly<Record<'live' | 'candidate' | 'refused', number>>;
  /** Models that could not be made live, or failed while they were. */
  readonly rejections: number;
  readonly rollbacks: Readonly<Record<'automatic' | 'asked', number>>;
  readonly activations: number;
  readonly workerLosses: number;
  /** Problems of the history by code. */
  readonly problems: ReadonlyMap<string, number>;
  /** When what is live now began to decide; null since the start. */
  readonly liveSinceMs: number | null;
}

type ActionOutcome = 'done' | 'failed';

// A counter that appears with its first event hides that event from `rate()`: what can be known is there at 0.
const actuators = ['process_madvise', 'cgroup_reclaim', 'gc'];
const problemCodes = ['ERR_STORE_DISK_FULL', 'ERR_STORE_IO', 'ERR_STORE_READ_ONLY'];
const noActions = () =>
  new Map<ActionOutcome, number>([
    ['done', 0],
    ['failed', 0],
  ]);

/** The counts and the listener that keeps them. */
export interface Happened {
  readonly listener: HostListener;
  readonly counts: HappenedCounts;
}

/** Builds both. */
export function createHappened(): Happened {
  const counts = {
    actions: new Map(actuators.map((name) => [name, noActions()])),
    modes: { act: 0, dry_run: 0, none: 0 },
    deployments: { live: 0, candidate: 0, refused: 0 },
    rejections: 0,
    rollbacks: { automatic: 0, asked: 0 },
    activations: 0,
    workerLosses: 0,
    problems: new Map(problemCodes.map((code) => [code, 0])),
    liveSinceMs: null as number | null,
  };
  // A version that is refused when it shall go live is told of twice: by the model host and by the deployment.
  const seen = new WeakSet();
  const reject = (error: unknown): void => {
    if (!isRuvectorError(error) || seen.has(error)) return;
    seen.add(error);
    counts.rejections++;
  };
  const listener: HostListener = {
    onDecision({ mode, action }) {
      counts.modes[mode]++;
      for (const { actuator, error } of action?.targets ?? []) {
        const results = counts.actions.get(actuator) ?? noActions();
        counts.actions.set(actuator, add(results, error === null ? 'done' : 'failed'));
      }
    },
    onModelEvent(event) {
      if (event.type === 'activated') counts.activations++;
      if (event.type === 'rejected') reject(event.error);
      if (event.type === 'rolled-back') counts.rollbacks[event.automatic ? 'automatic' : 'asked']++;
      if (event.type === 'worker-lost') counts.workerLosses++;
      if (event.type === 'activated' || event.type === 'rolled-back') counts.liveSinceMs = Date.now();
    },
    onDeployment: ({ isLive }) => void counts.deployments[isLive ? 'live' : 'candidate']++,
    onRefusedDeployment(error) {
      counts.deployments.refused++;
      reject(error);
    },
    onProblem: ({ code }) => void add(counts.problems, code),
  };
  return { listener, counts };
}

function add<K>(counts: Map<K, number>, key: K): Map<K, number> {
  return counts.set(key, (counts.get(key) ?? 0) + 1);
}
