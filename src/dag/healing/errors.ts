// Errors of src/dag/healing. Codes are listed in docs/errors.md and mirrored in Python.
import { RuvectorError } from '../../core/portable/index.ts';

/** An option that healing cannot work with, code `ERR_DAG_HEALING_OPTION`. @param of e.g. `detector "query_latency"` */
export function healingOptionError(of: string, option: string, value: unknown, needs: string): RuvectorError {
  return new RuvectorError(
    'ERR_DAG_HEALING_OPTION',
    `Cannot take option "${option}" of ${of}: it is ${String(value)}; give ${needs}`,
    { details: { of, option, value } },
  );
}

/** A second detector or repair of one name, code `ERR_DAG_HEALING_NAME`. */
export function repeatedNameError(kind: 'detector' | 'repair', name: string): RuvectorError {
  return new RuvectorError(
    'ERR_DAG_HEALING_NAME',
    `Cannot add ${kind} "${name}": there is one of that name; give it another one`,
    { details: { kind, name } },
  );
}

/** An observation for which there is no detector, code `ERR_DAG_HEALING_NAME`. */
export function unknownDetectorError(name: string, known: readonly string[]): RuvectorError {
  const names = known.length === 0 ? 'there is none' : `there are ${known.join(', ')}`;
  return new RuvectorError(
    'ERR_DAG_HEALING_NAME',
    `Cannot observe "${name}": no detector has that name, ${names}; add it first`,
    { details: { kind: 'detector', name } },
  );
}

/** A value that is no finite number, code `ERR_DAG_OBSERVATION`. @param what the detector, or the field of an analysis */
export function observationError(what: string, value: unknown): RuvectorError {
  return new RuvectorError(
    'ERR_DAG_OBSERVATION',
    `Cannot observe "${what}": the value is ${String(value)}; give a finite number`,
    { details: { what, value } },
  );
}

/** A repair whose action cannot be waited for, code `ERR_DAG_REPAIR`. */
export function asynchronousRepairError(repair: string, step: string): RuvectorError {
  return new RuvectorError(
    'ERR_DAG_REPAIR',
    `Cannot run repair "${repair}": ${step} gave a promise, and runCycle() waits for none; call runCycleAsync()`,
    { details: { repair, step } },
  );
}

/** A repair that measures no number, code `ERR_DAG_REPAIR`. */
export function measureError(repair: string, value: unknown): RuvectorError {
  return new RuvectorError(
    'ERR_DAG_REPAIR',
    `Cannot judge repair "${repair}": it measured ${String(value)}; give a finite number from measure()`,
    { details: { repair, value } },
  );
}

/** A cycle within a cycle, code `ERR_DAG_HEALING_BUSY`. */
export function cycleRunningError(): RuvectorError {
  return new RuvectorError(
    'ERR_DAG_HEALING_BUSY',
    'Cannot run a cycle of healing: the last one has not ended; wait for it first',
  );
}

/** Text that is not in NAB's layout, code `ERR_DAG_NAB`. */
export function nabError(file: string, state: string, nextStep: string): RuvectorError {
  return new RuvectorError('ERR_DAG_NAB', `Cannot read labelled series "${file}": ${state}; ${nextStep}`, {
    details: { file },
  });
}
