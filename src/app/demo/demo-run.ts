// What one run of the demo saw, before it is made a report. Types only.
import type { TrainingAnswer } from '../../client/index.ts';
import type { Host } from '../host/host-types.ts';
import type { DecisionStreamCounts } from './decision-stream.ts';
import type { DemoRecorder } from './demo-recorder.ts';
import type { PythonFindings } from './python-client.ts';
import type { Workload } from './workload-process.ts';

/** What the run saw, before it is made a report. */
export interface DemoRun {
  readonly host: Host;
  readonly workload: Workload;
  readonly recorder: DemoRecorder;
  /** What was trained, by the name it was asked for. */
  readonly estimator: string;
  readonly training: TrainingAnswer;
  readonly counts: DecisionStreamCounts;
  /** Decisions and failures between the start of the second deployment and the first decision after it. */
  readonly duringSwap: DecisionStreamCounts;
  readonly python: PythonFindings;
  readonly seconds: number;
  readonly directory: string;
}
