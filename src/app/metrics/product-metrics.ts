// Metrics of the product: sampling, decisions, actions and what they cost, models, training, history, streams,
// events. docs/metrics.md says how to read them.
import type { BridgeStats } from '../../bridge/index.ts';
import { labels } from '../../core/index.ts';
import { safeguards } from '../../optimize/index.ts';
import type { FallbackCause } from '../../optimize/index.ts';
import { KIB, byKey, counter, gauge } from './metric.ts';
import type { Labelled, Metric, MetricsSource } from './metric.ts';
import { taskMetrics } from './task-metrics.ts';

const seconds = (ms: number): number => ms / 1000;

const sampling: readonly Metric[] = [
  counter('ruvector_samples_total', 'Samples taken since the start.', ({ counters }) => counters.samples),
  counter(
    'ruvector_samples_missed_total',
    'Points of the sampling grid that were passed over because the sample before was late.',
    ({ counters }) => counters.missed,
  ),
  counter(
    'ruvector_samples_skipped_total',
    'Samples that failed and were left out.',
    ({ counters }) => counters.skipped,
  ),
  gauge(
    'ruvector_sampling_interval_seconds',
    'Time between two samples, as configured.',
    ({ config }) => 1 / config.hz,
  ),
  gauge(
    'ruvector_last_sample_timestamp_seconds',
    'When the newest sample was taken, Unix time.',
    ({ snapshot }) => snapshot && seconds(snapshot.timestamp),
  ),
  gauge(
    'ruvector_collector_success',
    '1 when this part of the newest sample was read, 0 when it failed.',
    ({ health }) => health.map(({ name, success }): Labelled => [{ collector: name }, success]),
    ['collector'],
  ),
  gauge(
    'ruvector_collector_duration_seconds',
    'How long this part of the newest sample took.',
    ({ health }) =>
      health.map(({ name, durationMs }): Labelled => [{ collector: name }, seconds(durationMs)]),
    ['collector'],
  ),
];

// A counter that appears with its first event hides that event from `rate()`: what can be known is there at 0.
const noFallbacks: Readonly<Record<FallbackCause, number>> = {
  'no-live-model': 0,
  'model-error': 0,
  'not-finite': 0,
  'time-out': 0,
  'stale-input': 0,
};
const noRefusals = Object.fromEntries(safeguards.map(({ name }) => [name, 0]));

function oneHot({ decisions: { lastDecision } }: MetricsSource): Labelled[] {
  if (lastDecision === null) return [];
  return labels.map((label): Labelled => [{ label }, label === lastDecision.label ? 1 : 0]);
}

function probabilities({ decisions: { lastDecision } }: MetricsSource): Labelled[] {
  const given = lastDecision?.probabilities;
  return given ? labels.map((label, i): Labelled => [{ label }, given[i]]) : [];
}

const deciding: readonly Metric[] = [
  gauge('ruvector_label', 'The label decided last: 1 for the one that holds, 0 for the others.', oneHot, [
    'label',
  ]),
  gauge(
    'ruvector_label_probability',
    'Probability of each label in the last decision; absent while the rule decides without a model.',
    probabilities,
    ['label'],
  ),
  counter(
    'ruvector_decisions_total',
    'Decisions since the start, by label.',
    ({ decisions }) => byKey('label', decisions.byLabel),
    ['label'],
  ),
  counter(
    'ruvector_decisions_by_source_total',
    'Decisions since the start, by who made them.',
    ({ decisions }) => byKey('source', decisions.bySource),
    ['source'],
  ),
  counter(
    'ruvector_decisions_by_mode_total',
    'Decisions since the start: acted on, only planned (dry run), or nothing to do.',
    ({ happened }) => byKey('mode', happened.modes),
    ['mode'],
  ),
  counter(
    'ruvector_decision_fallbacks_total',
    'Decisions the rule made although a model was wanted, by cause.',
    ({ decisions }) => byKey('cause', { ...noFallbacks, ...decisions.fallbacksByCause }),
    ['cause'],
  ),
  counter(
    'ruvector_refusals_total',
    'Times a safeguard held an action back, by safeguard.',
    ({ decisions }) => byKey('rule', { ...noRefusals, ...decisions.refusalsByRule }),
    ['rule'],
  ),
];

const acting: readonly Metric[] = [
  gauge('ruvector_acting', '1 when decisions are acted on, 0 in a dry run.', ({ isActing }) =>
    isActing ? 1 : 0,
  ),
  counter(
    'ruvector_actions_total',
    'Actions on targets, by actuator and result.',
    ({ happened }) =>
      [...happened.actions].flatMap(([actuator, results]) =>
        [...results].map(([result, count]): Labelled => [{ actuator, result }, count]),
      ),
    ['actuator', 'result'],
  ),
  counter(
    'ruvector_outcomes_total',
    'Actions whose outcome window has ended: how much they freed is known, or not.',
    ({ decisions: { outcomes } }) =>
      byKey('freed', { known: outcomes.actions - outcomes.unknown, unknown: outcomes.unknown }),
    ['freed'],
  ),
  counter(
    'ruvector_advised_bytes_total',
    'Memory handed to the kernel to page out.',
    ({ decisions }) => decisions.outcomes.advisedKib * KIB,
  ),
  counter(
    'ruvector_taken_bytes_total',
    'Memory that left the targets with actions.',
    ({ decisions }) => decisions.outcomes.takenKib * KIB,
  ),
  counter(
    'ruvector_returned_bytes_total',
    'Memory taken that was back at the end of the outcome window.',
    ({ decisions }) => decisions.outcomes.returnedKib * KIB,
  ),
  counter(
    'ruvector_compressed_bytes_total',
    'Memory that keeping taken pages compressed took.',
    ({ decisions }) => decisions.outcomes.compressedKib * KIB,
  ),
  counter(
    'ruvector_freed_bytes_total',
    'Memory still out at the end of the outcome window, less what it takes compressed.',
    ({ decisions }) => Math.max(0, decisions.outcomes.freedKib) * KIB,
  ),
  gauge(
    'ruvector_saved_bytes',
    'Memory that is free now because of what was taken.',
    ({ decisions }) => decisions.savedKib * KIB,
  ),
  counter(
    'ruvector_target_major_faults_total',
    'Major faults of the targets within the outcome windows.',
    ({ decisions }) => decisions.outcomes.majorFaults,
  ),
  counter(
    'ruvector_target_stall_seconds_total',
    'Time the targets waited within the outcome windows for what came back.',
    ({ decisions }) => decisions.outcomes.stallUs / 1e6,
  ),
  counter(
    'ruvector_own_refault_pages_total',
    'Pages the daemon took that came back since its start.',
    ({ decisions: { ownRefaults } }) =>
      byKey('type', { file: ownRefaults.filePages, anon: ownRefaults.anonPages }),
    ['type'],
  ),
];

const models: readonly Metric[] = [
  gauge(
    'ruvector_model_info',
    'The model that decides; absent while there is none.',
    ({ model }) =>
      model === null
        ? []
        : [[{ name: model.name, version: model.version, sha256: model.sha256 }, 1] satisfies Labelled],
    ['name', 'version', 'sha256'],
  ),
  gauge(
    'ruvector_model_created_timestamp_seconds',
    'When the model that decides was trained, Unix time.',
    ({ model }) => model && seconds(model.createdMs),
  ),
  gauge(
    'ruvector_model_live_since_timestamp_seconds',
    'When the model began to decide in this process, Unix time.',
    ({ model }) => model && seconds(model.liveSinceMs),
  ),
  counter(
    'ruvector_model_deployments_total',
    'Models handed in since the start: made live, kept as candidate, or refused.',
    ({ happened }) => byKey('result', happened.deployments),
    ['result'],
  ),
  counter(
    'ruvector_model_rejections_total',
    'Models that could not be made live, or failed while they were.',
    ({ happened }) => happened.rejections,
  ),
  counter(
    'ruvector_model_activations_total',
    'Models made live since the start.',
    ({ happened }) => happened.activations,
  ),
  counter(
    'ruvector_model_rollbacks_total',
    'Returns to the model before, by itself or because somebody asked.',
    ({ happened }) => byKey('by', happened.rollbacks),
    ['by'],
  ),
  counter(
    'ruvector_model_worker_losses_total',
    'Inference workers that ended on their own.',
    ({ happened }) => happened.workerLosses,
  ),
  counter(
    'ruvector_trainings_total',
    'Trainings that ended since the start.',
    ({ training }) => byKey('result', { succeeded: training.succeeded, failed: training.failed }),
    ['result'],
  ),
  counter('ruvector_training_seconds_total', 'Time trainings took.', ({ training }) => training.totalSeconds),
  gauge('ruvector_training_running', '1 while a training runs.', ({ training }) =>
    training.running ? 1 : 0,
  ),
  gauge(
    'ruvector_training_samples',
    'Labelled samples kept for training.',
    ({ trainingSamples }) => trainingSamples.count,
  ),
];

const eachKind = (
  { history }: MetricsSource,
  read: (stats: MetricsSource['history']['kinds'][string]) => number,
): Labelled[] => Object.entries(history.kinds).map(([kind, stats]): Labelled => [{ kind }, read(stats)]);

const history: readonly Metric[] = [
  gauge('ruvector_history_rows', 'Rows kept, by kind.', (source) => eachKind(source, ({ rows }) => rows), [
    'kind',
  ]),
  gauge(
    'ruvector_history_segments',
    'Sealed segments, by kind.',
    (source) => eachKind(source, ({ segments }) => segments),
    ['kind'],
  ),
  gauge(
    'ruvector_history_segment_bytes',
    'Size of the sealed segments, by kind.',
    (source) => eachKind(source, ({ sealedBytes }) => sealedBytes),
    ['kind'],
  ),
  gauge(
    'ruvector_history_log_bytes',
    'Size of the write-ahead log, by kind.',
    (source) => eachKind(source, ({ walBytes }) => walBytes),
    ['kind'],
  ),
  counter(
    'ruvector_history_dropped_rows_total',
    'Rows dropped because the disk refused them for too long, by kind.',
    (source) => eachKind(source, ({ droppedRows }) => droppedRows),
    ['kind'],
  ),
  gauge(
    'ruvector_history_pending_rows',
    'Rows in memory that are not on disk yet.',
    ({ historyHealth }) => historyHealth.pendingRows,
  ),
  gauge(
    'ruvector_history_writing',
    '1 while rows reach the disk, 0 while it refuses them.',
    ({ historyHealth }) => (historyHealth.isWriting ? 1 : 0),
  ),
  counter(
    'ruvector_history_removed_segments_total',
    'Segments removed by retention since the start.',
    (source) => source.history.removedSegments,
  ),
  counter(
    'ruvector_history_removed_bytes_total',
    'Bytes removed by retention since the start.',
    (source) => source.history.removedBytes,
  ),
  counter(
    'ruvector_history_problems_total',
    'Problems of the history since the start, by error code.',
    ({ happened }) => byKey('code', Object.fromEntries(happened.problems)),
    ['code'],
  ),
];

const eachStream = (
  { streams }: MetricsSource,
  read: (totals: MetricsSource['streams'][number]) => number,
): Labelled[] =>
  streams.map((totals): Labelled => [{ transport: totals.transport, format: totals.format }, read(totals)]);

const streamLabels = ['transport', 'format'];

const leaving: readonly Metric[] = [
  gauge(
    'ruvector_stream_subscribers',
    'Subscribers of the live streams.',
    (source) => eachStream(source, ({ subscribers }) => subscribers),
    streamLabels,
  ),
  counter(
    'ruvector_stream_records_total',
    'Records sent to subscribers.',
    (source) => eachStream(source, ({ records }) => records),
    streamLabels,
  ),
  counter(
    'ruvector_stream_dropped_records_total',
    'Records that subscribers were told they do not get.',
    (source) => eachStream(source, ({ dropped }) => dropped),
    streamLabels,
  ),
  gauge('ruvector_bridge_clients', 'Clients of the bridge.', ({ bridge }) => bridge.clients),
  gauge('ruvector_bridge_open_streams', 'Streams open over the bridge.', ({ bridge }) => bridge.openStreams),
  counter(
    'ruvector_bridge_batches_sent_total',
    'Record batches sent over the bridge.',
    ({ bridge }) => bridge.batchesSent,
  ),
  counter('ruvector_bridge_refused_total', 'Messages the bridge refused.', ({ bridge }) => bridge.refused),
  counter(
    'ruvector_bridge_malformed_total',
    'Messages the bridge could not read.',
    ({ bridge }) => bridge.malformed,
  ),
  gauge(
    'ruvector_remote_allowed_clients',
    'Keys of clients on other hosts that are allowed.',
    ({ remote }) => remote?.allowedClients ?? undefined,
  ),
  gauge('ruvector_remote_clients', 'Clients on other hosts.', ({ remote }) => remote?.bridge.clients),
  counter(
    'ruvector_remote_refused_total',
    'What came from other hosts and was not taken, by what was wrong with it.',
    ({ remote }) => remote && byKey('kind', countRefusals(remote.bridge)),
    ['kind'],
  ),
  counter(
    'ruvector_event_deliveries_total',
    'Events for --on-event, by sink and what became of them.',
    ({ sinks }) => sumSinks(sinks),
    ['sink', 'result'],
  ),
];

const countRefusals = ({
  unknownKeys: unknown_key,
  refused: unauthenticated,
  tampered,
  replayed,
  malformed,
  failed: handshake,
}: BridgeStats): Record<string, number> => ({
  unknown_key,
  unauthenticated,
  tampered,
  replayed,
  malformed,
  handshake,
});

/** Two commands are one series: where an event goes is no label. */
function sumSinks(sinks: MetricsSource['sinks']): Labelled[] {
  const kinds = [...new Set(sinks.map(({ sink }) => sink))];
  return kinds.flatMap((kind) => {
    const same = sinks.filter(({ sink }) => sink === kind);
    return (['delivered', 'failed', 'suppressed', 'dropped'] as const).map((result): Labelled => [
      { sink: kind, result },
      same.reduce((sum, sink) => sum + sink[result], 0),
    ]);
  });
}

/** Metrics of the product. */
export const productMetrics: readonly Metric[] = [
  gauge(
    'ruvector_build_info',
    'Version of ruvector-memopt and of the Node it runs on.',
    ({ version, own }) => [[{ version, node: own.nodeVersion }, 1]],
    ['version', 'node'],
  ),
  ...sampling,
  ...deciding,
  ...acting,
  ...models,
  ...taskMetrics,
  ...history,
  ...leaving,
];
