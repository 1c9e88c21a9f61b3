// What a training was told that its backend has no use for: passed over in silence it would give another model than was
// asked for.
import { networkOptions } from '../../train/index.ts';
import type { TrainJob } from '../../train/index.ts';
import { paramsError } from '../errors.ts';

const ofNetworks = ['layers', ...Object.keys(networkOptions)] as readonly (keyof TrainJob)[];

/** @throws RuvectorError `ERR_APP_PARAMS` naming each of them */
export function refuseForeignOptions(job: Partial<TrainJob>): void {
  const { backend, estimator, parameters = {} } = job;
  const problems =
    backend === 'tfjs'
      ? [
          ...(estimator === undefined
            ? []
            : ['estimator is of Python, and tf.js has layers; leave one of them out']),
          ...(Object.keys(parameters).length === 0
            ? []
            : ["parameters are of Python's estimators; leave them out"]),
        ]
      : ofNetworks
          .filter((name) => job[name] !== undefined)
          .map((name) => `${name} is of networks of tf.js; ask for the backend tfjs, or leave it out`);
  if (problems.length > 0) throw paramsError('train', problems);
}
