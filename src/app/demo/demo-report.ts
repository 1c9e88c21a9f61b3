// What the demo found: the machine-readable report and its text form. The chart page is report-html.ts.

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
  };
  /** The best of those a model has to beat, then each of them; null where the features lack what it looks at. */
  baseline: {
    macroF1: number;
    name: string;
    majority: number;
    usageThreshold: number | null;
    persistence: number | null;
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
  outcome: {
    /** `process_madvise`, or `workload_madvise` where this user may not touch another process. */
    actuator: string;
    actions: number;
    /** Change of free memory over each outcome window, less its drift; summed, so the same pages may count again. */
    freedBytes: number;
    rssDropBytes: number;
    availableBytes: number;
    refusals: Record<string, number>;
  };
  files: { report: string; model: string; dataset: string; history: string };
}

/** Baselines in words. */
export const baselineNames = [
  ['majority', 'always the most frequent label'],
  ['usageThreshold', 'a threshold on used memory'],
  ['persistence', 'the label thresholds on the last seconds'],
] as const;

const mib = (bytes: number): string => `${(bytes / 2 ** 20).toFixed(1)} MiB`;
const signed = (bytes: number): string => `${bytes < 0 ? '−' : ''}${mib(Math.abs(bytes))}`;
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
      return macroF1 === null ? [] : [['baseline', `${name}: macro-F1 ${macroF1.toFixed(3)}`]];
    }),
    [
      'gate',
      report.gate.passed
        ? `passed: ${report.gate.reason}`
        : `not passed, made live by force for this demo: ${report.gate.reason}`,
    ],
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
    [
      'freed',
      `${signed(outcome.freedBytes)} summed over the windows of ${outcome.actions} actions, net of drift; pages that came back count again ` +
        `(RSS fell ${signed(outcome.rssDropBytes)}, MemAvailable moved ${signed(outcome.availableBytes)})`,
    ],
    ['acted by', describeActuator(outcome.actuator)],
    ['held back', list(outcome.refusals)],
    ['model file', report.files.model],
    ['dataset file', report.files.dataset],
    ['report', report.files.report],
  ];
  return `${rows.map(([name, text]) => `${name.padEnd(15)} ${text}`).join('\n')}\n`;
}

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
