// What the demo found: the machine-readable report and its text form. The chart page is report-html.ts.
import type { TrainingFindings } from '../../client/index.ts';

/** Everything `ruvector-memopt demo --json` prints. Times ms or µs, sizes bytes, as named. */
export interface DemoReport {
  /** Memory and process rows collected. */
  rows: number;
  memoryRows: number;
  seconds: number;
  hz: number;
  /** Sealed bytes of 60 full memory snapshots, a minute's worth at 1 Hz. They were taken at 20 Hz, where neighbours differ less. */
  bytesPerMinute: number;
  workload: { pressure: 'cgroup' | 'self-evict'; limitBytes: number | null; phases: number };
  stream: { gbps: number; bytes: number; batches: number; batchBytes: number };
  dataset: {
    id: string;
    rows: number;
    exportedRows: number;
    classCounts: Record<string, number>;
    horizonMs: number;
  };
  model: {
    version: string;
    estimator: string;
    macroF1: number;
    /** 95 %, by blocks of time. */
    interval: readonly [number, number] | null;
    confusionMatrix: number[][];
    labels: string[];
    /** Whether it is better than the best baseline, by the interval of the difference; importance and calibration. */
    findings: TrainingFindings;
  };
  /** The best of those a model has to beat, then each of them; null where the features lack what it looks at. */
  baseline: {
    macroF1: number;
    name: string;
    majority: number;
    usageThreshold: number | null;
    persistence: number | null;
    /** 95 % of each that has a score. */
    intervals: Partial<Record<BaselineKey, readonly [number, number]>>;
  };
  /** Whether the model was fit to take the place of what decided before; if not, it was made live by force. */
  gate: { passed: boolean; reason: string };
  parity: { rows: number; maxAbsDiff: number; labelMismatches: number };
  /** From one model to the next: `ms` to verify, warm up and go live, `pointerUs` the exchange itself. */
  swap: { ms: number; pointerUs: number; failures: number; decisionsDuring: number };
  decisions: {
    count: number;
    failures: number;
    byModel: number;
    byRule: number;
    p50Us: number;
    p99Us: number;
    byLabel: Record<string, number>;
  };
  /** From the moment `fit` returned in Python to the first decision of the new model. */
  fitToFirstDecisionMs: number;
  outcome: DemoOutcome;
  files: { report: string; model: string; dataset: string; history: string };
}

/** One action: for whom, what it gave back, what the host's own figures say. */
export interface DemoAction {
  timestamp: number;
  /** Who was short and why this memory. */
  reason: string;
  takenBytes: number;
  /** Null is unknown; `error` says why. */
  freedBytes: number | null;
  returnedBytes: number;
  hostMovedBytes: number | null;
  hostNoiseBytes: number | null;
  error: string | null;
}

/** What the act stage gave back, and what it cost. Sums over all actions. */
export interface DemoOutcome {
  /** `process_madvise`, or `workload_madvise` where this user may not touch another process. */
  actuator: string;
  goal: 'relieve' | 'save';
  actions: number;
  /** Handed to the kernel; it took `takenBytes` of it. */
  advisedBytes: number;
  takenBytes: number;
  /** Of what was taken: neither in memory nor in the page cache at the end of the window. Null when no window could tell. */
  freedBytes: number | null;
  /** Actions whose freed bytes nobody knows; they are not in `freedBytes`. */
  unknownActions: number;
  /** What swapped pages take compressed; it is taken off `freedBytes`. */
  compressedBytes: number;
  /** Taken, and back in memory at the end of the window. */
  returnedBytes: number;
  /** Everything of ours that came back since the start, probes included. */
  returnedSinceBytes: number;
  /** Still out at the end, less what it takes compressed. */
  savedBytes: number;
  /** All major faults of the target in the windows, and the time it waited for what came back. */
  targetMajorFaults: number;
  targetStallUs: number;
  /** What this process takes itself. */
  ownRssBytes: number;
  rows: DemoAction[];
  /** The move of the host's own figures, drift taken off, in windows that have it; never taken for the figure. */
  hostCheck: { windows: number; movedBytes: number; noiseBytes: number; freedBytes: number } | null;
  /** Left under the cgroup's limit while requests held memory, on average: by the kernel alone, and from the first action on. */
  room: { aloneBytes: number; actingBytes: number } | null;
  refusals: Record<string, number>;
}

/** Baselines in words. */
export const baselineNames = [
  ['majority', 'always the most frequent label'],
  ['usageThreshold', 'a threshold on used memory'],
  ['persistence', 'the label thresholds on the last seconds'],
] as const;
type BaselineKey = (typeof baselineNames)[number][0];

export const mib = (bytes: number): string => `${(bytes / 2 ** 20).toFixed(1)} MiB`;
export const signed = (bytes: number): string => `${bytes < 0 ? '−' : ''}${mib(Math.abs(bytes))}`;
const list = (counts: Record<string, number>): string =>
  Object.entries(counts)
    .map(([name, count]) => `${name} ${count}`)
    .join(', ') || 'none';

/** The one readable page that ends the demo. */
export function renderDemoText(report: DemoReport): string {
  const { model, baseline, decisions, outcome, swap, stream } = report;
  const rows: [string, string][] = [
    ['collected', `${report.rows} rows in ${report.seconds.toFixed(0)} s at ${report.hz} Hz`],
    [
      'history',
      `${report.bytesPerMinute.toFixed(0)} bytes for 60 snapshots (taken at ${report.hz} Hz), sealed`,
    ],
    ['workload', describeWorkload(report)],
    [
      'stream',
      `${stream.gbps.toFixed(2)} GB/s of Arrow to Python (${stream.batches} × ${mib(stream.batchBytes)})`,
    ],
    ['dataset', `${report.dataset.rows} labelled rows (${list(report.dataset.classCounts)})`],
    ['model', `${model.estimator}: macro-F1 ${model.macroF1.toFixed(3)}${describeInterval(model.interval)}`],
    ...baselineNames.flatMap(([key, name]): [string, string][] => {
      const macroF1 = baseline[key];
      return macroF1 === null
        ? []
        : [
            [
              'baseline',
              `${name}: macro-F1 ${macroF1.toFixed(3)}${describeInterval(baseline.intervals[key] ?? null)}`,
            ],
          ];
    }),
    ['against rules', describeComparison(report)],
    ['gate', describeGate(report)],
    [
      'parity',
      `${report.parity.rows} golden rows: largest difference ${report.parity.maxAbsDiff.toExponential(1)}, ` +
        `${report.parity.labelMismatches} labels differ`,
    ],
    [
      'hot swap',
      `${swap.ms.toFixed(0)} ms to verify, warm up and go live; exchange ${swap.pointerUs.toFixed(1)} µs; ` +
        `${swap.decisionsDuring} decisions meanwhile, ${swap.failures} failed`,
    ],
    [
      'fit → decision',
      `${report.fitToFirstDecisionMs.toFixed(0)} ms from fit returned to the first decision`,
    ],
    [
      'decisions',
      `${decisions.count} (${decisions.byModel} by a model, the rule's own package first, ${decisions.byRule} by the rule without one), ` +
        `${decisions.failures} failed, p50 ${decisions.p50Us.toFixed(0)} µs, p99 ${decisions.p99Us.toFixed(0)} µs`,
    ],
    ['labels', list(decisions.byLabel)],
    ['who was short', describeShort(outcome)],
    ['freed', describeFreed(outcome)],
    ['came back', describeReturned(outcome)],
    ['cost', describeCost(outcome)],
    ['the host says', describeHostCheck(outcome)],
    ['under the limit', describeRoom(outcome)],
    ['acted by', describeActuator(outcome.actuator)],
    ['held back', list(outcome.refusals)],
    ['model file', report.files.model],
    ['dataset file', report.files.dataset],
    ['report', report.files.report],
  ];
  return `${rows.map(([name, text]) => `${name.padEnd(15)} ${text}`).join('\n')}\n`;
}

/** Whether the model is better than the best baseline: only the interval of the difference says so. */
export const describeComparison = ({ model }: DemoReport): string =>
  model.findings.comparison?.sentence ?? 'not compared';

/** What came of it all, in one sentence: the model beside the best rule, then what acting gave and cost. */
export function describeConclusion({ model, baseline, outcome, fitToFirstDecisionMs }: DemoReport): string {
  const { better } = model.findings.comparison ?? { better: null };
  const verdict =
    better === null
      ? 'which these rows cannot tell apart'
      : better
        ? 'which it beats'
        : 'which it does not reach';
  const freed =
    outcome.freedBytes === null
      ? 'how much memory it freed is not known'
      : `it freed ${mib(outcome.freedBytes)} in ${outcome.actions} actions`;
  return (
    `Trained on this host's own telemetry and live ${(fitToFirstDecisionMs / 1000).toFixed(1)} s after the fit, the model scores macro-F1 ${model.macroF1.toFixed(2)} ` +
    `beside ${baseline.macroF1.toFixed(2)} of the best rule (${baseline.name}), ${verdict}; ` +
    `acting by it, ${freed}, and the workload waited ${(outcome.targetStallUs / 1000).toFixed(1)} ms for what came back.`
  );
}

/** What the gate said, and what was done about it. */
export const describeGate = ({ gate }: DemoReport): string =>
  gate.passed ? `passed: ${gate.reason}` : `not passed, made live by force for this demo: ${gate.reason}`;

/** The evidence of the first action; the others have their own, in the JSON and on the page. */
export function describeShort({ rows: [first, ...others] }: DemoOutcome): string {
  if (first === undefined) return 'nobody';
  const more = others.length === 0 ? '' : ` (and ${others.length} more actions, each on its own evidence)`;
  return `${first.reason}${more}`;
}

/** Freed bytes with what bounds them; unknown is said as unknown. */
export function describeFreed(outcome: DemoOutcome): string {
  const { actions, takenBytes, freedBytes, unknownActions, compressedBytes } = outcome;
  const kept =
    compressedBytes === 0 ? '' : `, less ${mib(compressedBytes)} that swapped ones take compressed`;
  const unknown =
    unknownActions === 0 ? '' : `; unknown for ${unknownActions} of them, which are not counted`;
  const figure = freedBytes === null ? 'unknown' : mib(freedBytes);
  return `${figure} of ${mib(takenBytes)} taken in ${actions} actions: pages that were in no memory at the end of each window${kept}${unknown}`;
}

/** What did not stay away. */
export const describeReturned = (outcome: DemoOutcome): string =>
  `${mib(outcome.returnedBytes)} within the windows, ${mib(outcome.returnedSinceBytes)} since the start with probes; ` +
  `${mib(outcome.savedBytes)} were still out at the end`;

/** What it cost the target and the host. */
export function describeCost(outcome: DemoOutcome): string {
  const { targetMajorFaults, targetStallUs, ownRssBytes, savedBytes } = outcome;
  const pays = ownRssBytes > savedBytes ? ', more than is still out: a demo shows, it does not save' : '';
  return (
    `the target had ${targetMajorFaults} major faults in the windows and waited ${(targetStallUs / 1000).toFixed(1)} ms for what came back; ` +
    `this process takes ${mib(ownRssBytes)} itself${pays}`
  );
}

/** The cross-check with its noise. */
export const describeHostCheck = ({ hostCheck }: DemoOutcome): string =>
  hostCheck === null
    ? 'nothing yet: its drift takes five quiet windows to learn'
    : `free memory and page cache of others moved by ${signed(hostCheck.movedBytes)} ± ${mib(hostCheck.noiseBytes)} in ${hostCheck.windows} windows ` +
      `in which ${mib(hostCheck.freedBytes)} were freed: a cross-check, not the figure; what the child takes and gives back by itself moves it too`;

/** The kernel alone beside the product. */
export const describeRoom = ({ room }: DemoOutcome): string =>
  room === null
    ? 'no limit around the child here, so there is nothing to compare'
    : `${mib(room.aloneBytes)} were left on average while requests held their memory, by the kernel alone; ${mib(room.actingBytes)} from the first action on`;

const describeInterval = (interval: readonly [number, number] | null): string =>
  interval ? ` (95 % interval ${interval[0].toFixed(3)} to ${interval[1].toFixed(3)})` : '';

function describeWorkload({ workload }: DemoReport): string {
  return workload.pressure === 'cgroup'
    ? `${workload.phases} phases of real reclaim inside a memory cgroup of ${mib(workload.limitBytes ?? 0)}`
    : `${workload.phases} phases; no memory cgroup may be made here, so the child gives back its own pages`;
}

function describeActuator(name: string): string {
  return name === 'workload_madvise'
    ? 'asking the child to page itself out: paging out another process takes CAP_SYS_NICE (run as root to see it)'
    : name;
}
