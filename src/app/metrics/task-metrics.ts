// Metrics of the models that answer beside the decision. docs/metrics.md says how to read them.
import { counter, gauge } from './metric.ts';
import type { Labelled, Metric, MetricsSource } from './metric.ts';

const eachTask = (
  { tasks }: MetricsSource,
  read: (status: MetricsSource['tasks']['anomaly']) => number,
): Labelled[] => Object.entries(tasks).map(([task, status]): Labelled => [{ task }, read(status)]);

/** Metrics of models of other tasks. */
export const taskMetrics: readonly Metric[] = [
  gauge(
    'ruvector_anomaly_score',
    'How odd the newest sample is to the live detector, above 0 is odd; absent while there is none.',
    ({ tasks: { anomaly } }) => (anomaly.answer?.task === 'anomaly' ? anomaly.answer.score : null),
  ),
  gauge(
    'ruvector_forecast_available_ratio',
    'Share of MemTotal that the live forecast expects to be available one horizon later; absent while there is none.',
    ({ tasks: { forecast } }) =>
      forecast.answer?.task === 'forecast' ? forecast.answer.availablePercent / 100 : null,
  ),
  counter(
    'ruvector_task_answers_total',
    'Answers of the models beside the decision since the start, by task.',
    (source) => eachTask(source, ({ answers }) => answers),
    ['task'],
  ),
  counter(
    'ruvector_task_answer_failures_total',
    'Times such a model gave an error in place of an answer, by task.',
    (source) => eachTask(source, ({ failures }) => failures),
    ['task'],
  ),
];
