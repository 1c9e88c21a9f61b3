// Counts of what a host tells its listeners: actions by actuator and result, what became of models. What the parts
// of the daemon count themselves is not counted here again.
import { isRuvectorError } from '../../core/index.ts';
import type { Decision } from '../../optimize/index.ts';
import type { HostListener } from '../host-types.ts';

/** Counts since the start. */
export interface HappenedCounts {
  /** By actuator, then by result. */
  readonly actions: ReadonlyMap<string, ReadonlyMap<ActionOutcome, number>>;
  readonly modes: Readonly<Record<Decision['mode'], number>>;
  readonly deployments: Readonly<Record<'live' | 'candidate' | 'refused', number>>;
  /** By error code. */
  readonly rejections: ReadonlyMap<string, number>;
  readonly rollbacks: Readonly<Record<'automatic' | 'asked', number>>;
  readonly activations: number;
  readonly workerLosses: number;
  /** Problems of the history by code. */
  readonly problems: ReadonlyMap<string, number>;
  /** When what is live now began to decide; null since the start. */
  readonly liveSinceMs: number | null;
}

type ActionOutcome = 'done' | 'failed';

/** The counts and the listener that keeps them. */
export interface Happened {
  readonly listener: HostListener;
  readonly counts: HappenedCounts;
}

/** Builds both. */
export function createHappened(): Happened {
  const counts = {
    actions: new Map<string, Map<ActionOutcome, number>>(),
    modes: { act: 0, dry_run: 0, none: 0 },
    deployments: { live: 0, candidate: 0, refused: 0 },
    rejections: new Map<string, number>(),
    rollbacks: { automatic: 0, asked: 0 },
    activations: 0,
    workerLosses: 0,
    problems: new Map<string, number>(),
    liveSinceMs: null as number | null,
  };
  // A version that is refused when it shall go live is told of twice: by the model host and by the deployment.
  const seen = new WeakSet();
  const reject = (error: unknown): void => {
    if (!isRuvectorError(error) || seen.has(error)) return;
    seen.add(error);
    add(counts.rejections, error.code);
  };
  const listener: HostListener = {
    onDecision({ mode, action }) {
      counts.modes[mode]++;
      for (const { actuator, error } of action?.targets ?? []) {
        const results = counts.actions.get(actuator) ?? new Map<ActionOutcome, number>();
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
