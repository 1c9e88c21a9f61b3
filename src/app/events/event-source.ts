// Turns what a host tells its listeners into events: changes, not states. Pure but for what it calls.
import { isRuvectorError, messageOf } from '../../core/index.ts';
import type { Label, MemorySnapshot, OptimizationEvent } from '../../core/index.ts';
import type { ModelEvent } from '../../models/index.ts';
import type { Decision } from '../../optimize/index.ts';
import { describeAction, describeOutcome } from '../host/decision-log.ts';
import type { HistoryHealth } from '../../store/index.ts';
import type { Deployment, HostListener } from '../host/host-types.ts';
import type { EventFacts, Severity } from './daemon-event.ts';

/** Where the source looks besides. */
export interface EventSourceOptions {
  /** Null before the history is open. @default it never is */
  readonly readHealth?: () => HistoryHealth | null;
}

const severityOf: Readonly<Record<Label, Severity>> = {
  NoActionNeeded: 'info',
  ShouldOptimize: 'info',
  ShouldOptimizeAggressive: 'warning',
  Critical: 'critical',
};

/** Builds a listener that emits events. */
export function createEventSource(
  emit: (facts: EventFacts) => void,
  options: EventSourceOptions = {},
): HostListener {
  const noteLabel = createLabelWatch(emit);
  const noteKills = createKillWatch(emit);
  const disk = createDiskWatch(emit, options);
  const reject = createRejectionWatch(emit);
  return {
    onDecision(decision) {
      noteLabel(decision);
      if (decision.mode === 'act') emit(buildAction(decision));
    },
    onOptimization(event) {
      if (event.mode === 'act') emit(buildOutcome(event));
    },
    onSample({ snapshot }) {
      noteKills(snapshot);
      disk.look();
    },
    onProblem: ({ code }) => disk.noteProblem(code),
    onModelEvent(event) {
      if (event.type === 'rejected') reject(event.error, event.version, 'activation');
      if (event.type === 'rolled-back') emit(buildRollback(event));
    },
    onDeployment(deployment) {
      if (deployment.gate?.verdict === 'below') emit(buildGateRejection(deployment));
    },
    onRefusedDeployment: (error) => reject(error, null, 'deployment'),
  };
}

/** The first label is none of a change, unless it already asks for something. */
function createLabelWatch(emit: (facts: EventFacts) => void): (decision: Decision) => void {
  let last: Label = 'NoActionNeeded';
  return ({ label, reason, source, modelVersion, probabilities }) => {
    if (label === last) return;
    const from = last;
    last = label;
    emit({
      kind: 'label-change',
      severity: severityOf[label],
      message: `label ${from} → ${label}: ${reason}`,
      details: { from, to: label, source, model: modelVersion, probability: topOf(probabilities) },
    });
  };
}

const topOf = (probabilities: Float32Array | null): number | null =>
  probabilities === null ? null : Math.max(...probabilities);

function buildAction(decision: Decision): EventFacts {
  const { label, modelVersion, goal, plan, action, source } = decision;
  const error = action?.error ?? null;
  return {
    kind: 'action',
    severity: error === null ? 'info' : 'warning',
    message: describeAction(decision),
    details: {
      label,
      source,
      model: modelVersion,
      goal,
      targets: plan.map(({ target, actuator, bytes }) => ({ target, actuator, bytes })),
      advisedBytes: action?.advisedBytes ?? 0,
      durationMs: (action?.durationUs ?? 0) / 1000,
      error: error?.message ?? null,
    },
  };
}

const KIB = 1024;
const bytes = (kib: number | null): number | null => (kib === null ? null : kib * KIB);

function buildOutcome(event: OptimizationEvent): EventFacts {
  return {
    kind: 'outcome',
    severity: 'info',
    message: describeOutcome(event),
    details: {
      label: event.label,
      model: event.model_version,
      actuator: event.actuator,
      takenBytes: bytes(event.taken_kib),
      freedBytes: bytes(event.freed_kib),
      returnedBytes: bytes(event.returned_kib),
      targetMajorFaults: event.target_major_faults,
      targetStallMs: event.target_stall_us === null ? null : event.target_stall_us / 1000,
      error: event.error,
    },
  };
}

function buildRollback(event: Extract<ModelEvent, { type: 'rolled-back' }>): EventFacts {
  const { from, to, automatic, error } = event;
  const why = error ? `: ${error.code}: ${error.message}` : automatic ? '' : ': asked for';
  return {
    kind: 'rollback',
    severity: automatic ? 'error' : 'info',
    message: `model rolled back from ${from ?? 'none'} to ${to}${why}`,
    details: { from, to, automatic, code: error?.code ?? null },
  };
}

function buildGateRejection({ name, version, reason }: Deployment): EventFacts {
  return {
    kind: 'model-rejected',
    severity: 'warning',
    message: `model ${name}@${version} stays a candidate: ${reason}`,
    details: { version: `${name}@${version}`, stage: 'gate', code: null, reason },
  };
}

/** A version that is refused when it shall go live is told of by the model host and by the deployment: once is enough. */
function createRejectionWatch(
  emit: (facts: EventFacts) => void,
): (error: unknown, version: string | null, stage: 'activation' | 'deployment') => void {
  const seen = new WeakSet();
  return (error, version, stage) => {
    if (!(error instanceof Error) || seen.has(error)) return;
    seen.add(error);
    const code = isRuvectorError(error) ? error.code : null;
    emit({
      kind: 'model-rejected',
      severity: 'error',
      message: `model ${version ?? ''} refused: ${messageOf(error)}`.replace('model  ', 'model '),
      details: { version, stage, code, reason: messageOf(error) },
    });
  };
}

/** Kills since the sample before. A counter that falls is another boot. */
function createKillWatch(emit: (facts: EventFacts) => void): (snapshot: MemorySnapshot) => void {
  let last: Pick<MemorySnapshot, 'oom_kill' | 'cgroup_oom_kill'> | null = null;
  const since = (name: 'oom_kill' | 'cgroup_oom_kill', snapshot: MemorySnapshot): number => {
    const [before, now] = [last?.[name] ?? null, snapshot[name]];
    return before === null || now === null ? 0 : Math.max(0, now - before);
  };
  return (snapshot) => {
    const [host, cgroup] = [since('oom_kill', snapshot), since('cgroup_oom_kill', snapshot)];
    last = {
      oom_kill: snapshot.oom_kill ?? last?.oom_kill ?? null,
      cgroup_oom_kill: snapshot.cgroup_oom_kill ?? last?.cgroup_oom_kill ?? null,
    };
    const kills = Math.max(host, cgroup);
    if (kills === 0) return;
    emit({
      kind: 'oom-kill',
      severity: 'critical',
      message: `the kernel killed ${kills === 1 ? 'a process' : `${kills} processes`} for memory`,
      details: {
        kills,
        ownCgroupKills: cgroup,
        availableBytes: snapshot.mem_available_kib * KIB,
        totalBytes: snapshot.mem_total_kib * KIB,
      },
    });
  };
}

const DISK_FULL = 'ERR_STORE_DISK_FULL';

/** One event when the disk fills up, one when it takes rows again. */
function createDiskWatch(
  emit: (facts: EventFacts) => void,
  { readHealth = () => null }: EventSourceOptions,
): { look(): void; noteProblem(code: string): void } {
  let isFull = false;
  const turn = (full: boolean): void => {
    if (full === isFull) return;
    isFull = full;
    const health = readHealth();
    const rows = health ? { pendingRows: health.pendingRows, droppedRows: health.droppedRows } : {};
    emit(
      full
        ? {
            kind: 'disk-full',
            severity: 'critical',
            message: 'the history cannot be written: no space is left; rows wait in memory',
            details: { code: DISK_FULL, ...rows },
          }
        : {
            kind: 'disk-recovered',
            severity: 'info',
            message: 'the history is written again',
            details: rows,
          },
    );
  };
  return {
    look() {
      const health = readHealth();
      if (health) turn(!health.isWriting && health.problem?.code === DISK_FULL);
    },
    noteProblem(code) {
      if (code === DISK_FULL) turn(true);
    },
  };
}
