// Results of the product as a daemon gave them once, long lists cut short: what notebooks show as pictures. Their
// types are the product's: a result that changes its fields no longer compiles here.
import type {
  ExplanationReport,
  ExportReport,
  SwapSummary,
  TrainingExportReport,
  TrainingReport,
  VerifySummary,
} from '../../../src/client/index.ts';
import type { TrainingCard } from '../../../src/export/training-card.ts';
import type { TrainedManifest } from '../../../src/train/index.ts';
import type { ModelListing } from '../../../src/models/index.ts';

export const trainingReport: TrainingReport = {
  kind: 'training-report',
  model: 'memopt@20261121T161148791-d06ed775',
  isLive: true,
  verdict: 'made live as asked',
  gate: null,
  interval: [0.62, 0.75],
  estimator: 'sklearn.ensemble.RandomForestClassifier',
  parameters: { max_depth: 10, n_estimators: 10 },
  rows: 1939,
  task: 'classification',
  metric: 'macroF1',
  averagePrecision: null,
  mae: null,
  macroF1: 0.6909,
  accuracy: 0.6314,
  baseline: { majority: 0.1226, usageThreshold: 0.4088, persistence: 0.3821 },
  confusionMatrix: [
    [99, 27, 0, 0],
    [116, 16, 0, 0],
    [0, 0, 20, 0],
    [0, 0, 0, 110],
  ],
  comparison: {
    rule: 'usageThreshold',
    difference: 0.2821,
    interval: [0.2104, 0.3412],
    better: true,
    sentence:
      'Better than the best rule: macro-F1 0.691, the rule usageThreshold 0.409 on 388 held-out rows; the 95 % interval of the difference, +0.210 to +0.341, is above zero.',
  },
  calibration: {
    ece: 0.0816,
    bins: [
      { low: 0.5, high: 0.6, rows: 0, confidence: 0, accuracy: 0 },
      { low: 0.6, high: 0.7, rows: 120, confidence: 0.652, accuracy: 0.533 },
      { low: 0.9, high: 1, rows: 268, confidence: 0.967, accuracy: 0.914 },
    ],
  },
  importance: {
    score: 'macroF1',
    rows: 388,
    features: [
      { feature: 'usage_percent', drop: 0.312, interval: [0.241, 0.377] },
      { feature: 'usage_trend', drop: -0.004, interval: [-0.011, 0.002] },
    ],
  },
  classCounts: { NoActionNeeded: 628, ShouldOptimize: 660, ShouldOptimizeAggressive: 100, Critical: 551 },
  features: ['usage_percent', 'usage_trend'],
  labels: ['NoActionNeeded', 'ShouldOptimize', 'ShouldOptimizeAggressive', 'Critical'],
  durations: {
    stream: 516.4,
    fit: 333.8,
    export: 251.8,
    deploy: 655,
    swap: 494.6,
    fitToFirstDecision: 967.6,
  },
};

/** The same model in the registry. */
export const modelPackage = {
  name: 'memopt',
  version: '20261121T161148791-d06ed775',
  directory: '/home/me/models/memopt/20261121T161148791-d06ed775',
  manifest: {
    format: 1,
    name: 'memopt',
    created: '2026-11-21T16:11:48.632+00:00',
    features: [
      { name: 'usage_percent', dtype: 'float32' },
      { name: 'usage_trend', dtype: 'float32' },
    ],
    featureSpecSha256: '57bebccf6acc8e3639d688c0679c182916eb7a75cdb1d00b4783e3aa43252a9b',
    input: { name: 'X', dtype: 'float32', shape: [null, 25] },
    outputs: { label: 'label', probabilities: 'probabilities' },
    labels: ['NoActionNeeded', 'ShouldOptimize', 'ShouldOptimizeAggressive', 'Critical'],
    classes: [0, 1, 2, 3],
    trainer: {
      estimator: 'sklearn.ensemble.RandomForestClassifier',
      parameters: { max_depth: 10, n_estimators: 10 },
      fitSeconds: 0.3338,
      versions: {
        python: '3.11.7',
        sklearn: '1.9.1',
        skl2onnx: '1.20.0',
        onnx: '1.23.2',
        onnxruntime: '1.31.1',
        numpy: '2.4.6',
      },
    },
    dataset: {
      id: 'ds-ea25df1c87bb5a04',
      sha256: 'ea25df1c87bb5a04dd8999f78b904e09e755f93663fa728cd032292edd2f58f2',
      rows: 1939,
    },
    metrics: {
      macroF1: 0.6909,
      accuracy: 0.6314,
      averagedOver: ['NoActionNeeded', 'ShouldOptimize', 'ShouldOptimizeAggressive', 'Critical'],
      perClass: [
        { label: 'NoActionNeeded', precision: 0.4605, recall: 0.7857, f1: 0.5806, support: 126 },
        { label: 'ShouldOptimize', precision: 0.3721, recall: 0.1212, f1: 0.1829, support: 132 },
        { label: 'ShouldOptimizeAggressive', precision: 1, recall: 1, f1: 1, support: 20 },
        { label: 'Critical', precision: 1, recall: 1, f1: 1, support: 110 },
      ],
      confusionMatrix: [
        [99, 27, 0, 0],
        [116, 16, 0, 0],
        [0, 0, 20, 0],
        [0, 0, 0, 110],
      ],
      baseline: {
        majority: { label: 'NoActionNeeded', macroF1: 0.1226, accuracy: 0.3247 },
        usageThreshold: {
          threshold: 60.09,
          below: 'ShouldOptimize',
          above: 'Critical',
          macroF1: 0.4088,
          accuracy: 0.6237,
        },
        persistence: { macroF1: 0.3821, accuracy: 0.5902 },
      },
      rows: { train: 1491, test: 388 },
    },
    parity: { rows: 2135, maxAbsDiff: 1.431e-7, labelMismatches: 0, tolerance: 0.00001 },
    golden: { sha256: '7df8be8aff903e5be08a839a07aaca0be7046d0980c36399e68e70fe7c0189ec', rows: 256 },
    model: { sha256: 'd06ed7752c418f0c1c7bf7118f631c31cd8f8ced9c67fb69cbad76b512b0020d', sizeBytes: 47481 },
  } as TrainedManifest,
};

export const explanation: ExplanationReport = {
  kind: 'explanation',
  decision: {
    kind: 'decision',
    timestamp: 1795277509607,
    label: 'NoActionNeeded',
    probabilities: {
      NoActionNeeded: 0.8162,
      ShouldOptimize: 0.1838,
      ShouldOptimizeAggressive: 0,
      Critical: 0,
    },
    source: 'model',
    modelVersion: 'memopt@20261121T161148791-d06ed775',
    reason: 'model memopt@20261121T161148791-d06ed775: NoActionNeeded with probability 0.82',
    mode: 'none',
    goal: 'relieve',
    shortages: [],
    budgetBytes: 0,
    plan: [],
    refusals: [],
    latency: { decisionUs: 19890 },
    acting: false,
  },
  features: [
    { name: 'usage_percent', value: 15.84 },
    { name: 'usage_trend', value: -0.009059 },
  ],
  safeguards: [
    {
      rule: 'stale-input',
      protects: 'acting on a host that has changed since it was looked at',
      reason: null,
    },
    { rule: 'one-action', protects: 'two actions at once on the same memory', reason: null },
  ],
  backend: 'no swap is active; anonymous memory frees nothing, clean file pages do',
  tasks: {
    anomaly: { name: 'memopt-anomaly', live: null, answer: null, answers: 0, failures: 0, lastError: null },
    forecast: { name: 'memopt-forecast', live: null, answer: null, answers: 0, failures: 0, lastError: null },
  },
};

export const exportReport: ExportReport = {
  rows: 2510,
  bytes: 523499,
  tables: { memory: { rows: 2510, path: '/home/user/.ruvector/out.csv' } },
  notes: [],
  ms: 2504,
  rowsPerSecond: 1002,
  privacy: {
    memory: {
      table: 'memory',
      method: 'k-anonymity by local recoding (generalise, then suppress), keyed hashing, removal',
      k: { asked: 5, reached: 510 },
      groups: 3,
      rows: { in: 2510, released: 2510, suppressed: 0, generalized: 0 },
      generalization: [{ timePrecisionMs: 3600000, attributes: 'as asked', rows: 2510 }],
      timePrecisionMs: 3600000,
      columns: [
        {
          name: 'timestamp',
          released: 'timestamp',
          role: 'quasi-identifier',
          method: 'rounded down; coarser where a group would be too small (time_precision_ms says how far)',
        },
        {
          name: 'mem_total_kib',
          released: 'mem_total_kib',
          role: 'quasi-identifier',
          method: 'rounded up to 2ⁿ or 1.5·2ⁿ; to 2ⁿ where a group would be too small',
        },
      ],
      notProtected: [
        'A release of one host describes one host: who knows its load, or has another recording of it, can recognise it by the pattern of the measurements.',
        'k counts rows, not people, hosts or processes: one process that is sampled often is a group of its own.',
        'Rows keep the order they were recorded in. With a regular sampling interval the position of a row gives its time back, from the place where the rounded time changes even the time of day.',
        'Within one release rows of the same name or process can be linked; that is what makes it useful.',
        'Measured sizes are exact: the true size of the machine can be estimated from their sums and maxima.',
      ],
      key: 'destroyed',
    },
  },
  problems: [],
  kind: 'export-report',
  paths: ['/home/user/.ruvector/out.csv'],
};

const trainingFiles: TrainingExportReport['files'] = [
  {
    split: 'train',
    path: 'train.parquet',
    rows: 1491,
    bytes: 24614,
    sha256: 'cffb6555a90f411131fd3ec196835fbfe0d0f5dbedd4ec7a81734e903edd3e76',
  },
  {
    split: 'test',
    path: 'test.parquet',
    rows: 388,
    bytes: 16410,
    sha256: 'e04cc6b3f258d9c7ce8ae837016ffe2b2b63eab024ea0f887d85dafe5342134e',
  },
];

export const trainingExport: TrainingExportReport = {
  rows: 1879,
  bytes: 41024,
  tables: {
    train: { rows: 1491, path: '/home/user/.ruvector/set/train.parquet' },
    test: { rows: 388, path: '/home/user/.ruvector/set/test.parquet' },
  },
  notes: [],
  ms: 605,
  rowsPerSecond: 3106,
  path: '/home/user/.ruvector/set',
  cardPath: '/home/user/.ruvector/set/dataset.json',
  files: trainingFiles,
  features: ['usage_percent', 'usage_trend'],
  splits: { train: 1491, gap: 60, test: 388 },
  classWeights: {
    NoActionNeeded: 0.7425,
    ShouldOptimize: 0.7576,
    ShouldOptimizeAggressive: 5.325,
    Critical: 0.873,
  },
  datasetId: 'ds-ea25df1c87bb5a04',
  problems: [],
  kind: 'export-report',
  paths: ['/home/user/.ruvector/set/train.parquet', '/home/user/.ruvector/set/test.parquet'],
};

export const trainingCard: TrainingCard = {
  id: 'ds-ea25df1c87bb5a04',
  sha256: 'ea25df1c87bb5a04dd8999f78b904e09e755f93663fa728cd032292edd2f58f2',
  rows: 1939,
  fromMs: 1795273200000,
  toMs: 1795276800000,
  featureSpec: {
    version: 1,
    names: ['usage_percent', 'usage_trend'],
    rateWindowMs: 500,
    trendWindowMs: 3000,
    maxGapMs: 1000,
    constants: { pageKib: 4, trendFullScalePercent: 10, neverOptimizedMinutes: 1440 },
  },
  featureSpecSha256: '57bebccf6acc8e3639d688c0679c182916eb7a75cdb1d00b4783e3aa43252a9b',
  features: [
    {
      name: 'usage_percent',
      dtype: 'float32',
      unit: '%',
      how: '100 × (1 - MemAvailable / MemTotal)',
      whenMissing: 0,
    },
    {
      name: 'usage_trend',
      dtype: 'float32',
      unit: '-1 to 1',
      how: 'slope of memory in use over the trend window (line through the means of its older and newer half), ±1 at 10 points of MemTotal per trend window, clipped',
      whenMissing: 0,
    },
  ],
  labels: ['NoActionNeeded', 'ShouldOptimize', 'ShouldOptimizeAggressive', 'Critical'],
  labelRules: [
    {
      label: 'Critical',
      signal: 'oomKills',
      reached: 'above',
      threshold: 0,
      source: 'the kernel killed a process for want of host memory, or in our own memory cgroup',
    },
    {
      label: 'Critical',
      signal: 'stallFull',
      reached: 'at or above',
      threshold: 0.05,
      source: 'GLib GMemoryMonitor: full 100 ms of 2 s',
    },
    {
      label: 'ShouldOptimize',
      signal: 'comebackPercentPerMinute',
      reached: 'at or above',
      threshold: 0.2,
      and: { signal: 'stallSome', reached: 'at or above', threshold: 0.0005 },
      source:
        'Google software-defined far memory (ASPLOS 2019): promotion rate 0.2 % of the working set per minute',
    },
  ],
  thresholds: {
    stallSomeShould: 0.001,
    stallSomeAggressive: 0.035,
    stallFullCritical: 0.05,
    comebackPercentPerMinuteShould: 0.2,
    stallSomeWithComeback: 0.0005,
    availablePercentAggressive: 10,
    availablePercentCritical: 4,
    oomReclaimAvailablePercent: 50,
  },
  horizonMs: 60000,
  split: {
    how: 'by time; in each block the newest rows are tested on; no train row within one horizon of a test row',
    testFraction: 0.2,
    blocks: 1,
    gapMs: 60000,
    rows: { train: 1491, gap: 60, test: 388 },
  },
  balance: { how: 'weights', seed: 1 },
  classCounts: {
    train: { NoActionNeeded: 502, ShouldOptimize: 492, ShouldOptimizeAggressive: 70, Critical: 427 },
    gap: { NoActionNeeded: 0, ShouldOptimize: 36, ShouldOptimizeAggressive: 10, Critical: 14 },
    test: { NoActionNeeded: 126, ShouldOptimize: 132, ShouldOptimizeAggressive: 20, Critical: 110 },
  },
  classWeights: {
    NoActionNeeded: 0.7425,
    ShouldOptimize: 0.7576,
    ShouldOptimizeAggressive: 5.325,
    Critical: 0.873,
  },
  skipped: { warmup: 4, unlabelled: 692, acted: 0, undersampled: 0 },
  acted: { included: false, effectMs: 10_000, rows: 0 },
  baseline: { persistence: { macroF1: 0.3821, accuracy: 0.5902 } },
  notes: [],
  format: 'parquet',
  compression: 'zstd',
  files: trainingFiles,
  columns: [
    {
      name: 'timestamp',
      type: 'timestamp',
      unit: 'ms since epoch',
      how: 'time of the snapshot, rounded down to 3600000 ms',
    },
    { name: 'usage_percent', type: 'float32', unit: '%', how: '100 × (1 - MemAvailable / MemTotal)' },
  ],
  label: {
    type: 'class',
    values: {
      NoActionNeeded: 'NoActionNeeded',
      ShouldOptimize: 'ShouldOptimize',
      ShouldOptimizeAggressive: 'ShouldOptimizeAggressive',
      Critical: 'Critical',
    },
    classWeights: {
      NoActionNeeded: 0.7425,
      ShouldOptimize: 0.7576,
      ShouldOptimizeAggressive: 5.325,
      Critical: 0.873,
    },
  },
  privacy: {
    anonymized: true,
    timePrecisionMs: 3600000,
    notProtected:
      'the figures of one host: its load over time, local hour and day can be recognised by who watched it',
  },
};

export const swapReport: SwapSummary = {
  kind: 'swap-report',
  reference: 'memopt@20261121T161148791-d06ed775',
  previous: 'memopt@20261121T161148791-d06ed775',
  ms: 180.8,
  swapUs: 4.319,
  decisionsMeanwhile: 5,
  answersLost: 0,
  steps: {
    version: '20261121T161148791-d06ed775',
    previous: '20261121T161148791-d06ed775',
    goldenRows: 256,
    maxAbsDiff: 1.192e-7,
    labelMismatches: 0,
    verifyMs: 88.73,
    loadMs: 5.419,
    warmupMs: 48.73,
    probeMs: 0,
    swapUs: 4.319,
    totalMs: 180.8,
  },
  answersLate: 0,
};

export const verification: VerifySummary = {
  name: 'memopt',
  version: '20261121T161148791-d06ed775',
  goldenRows: 256,
  maxAbsDiff: 1.192e-7,
  labelMismatches: 0,
  verifyMs: 228.7,
  loadMs: 266.7,
  warmupMs: 90.31,
};

export const models: readonly ModelListing[] = [
  {
    name: 'memopt',
    aliases: { live: '20261121T161148791-d06ed775', previous: null, candidate: null },
    versions: ['20261121T161148791-d06ed775'],
    summaries: [
      {
        version: '20261121T161148791-d06ed775',
        created: '2026-11-21T16:11:48.790+00:00',
        estimator: 'sklearn.ensemble.RandomForestClassifier',
        macroF1: 0.6909,
        interval: [0.62, 0.75],
        aliases: ['live'],
      },
    ],
    damaged: [],
  },
];
