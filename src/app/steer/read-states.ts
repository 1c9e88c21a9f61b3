// The state files of a home, read.
import type { Home } from '../../core/index.ts';
import { readSteeringState } from '../../steer/index.ts';
import type { SteeringState } from '../../steer/index.ts';
import { listStatePaths } from './state-paths.ts';

/** @param path one file; all of the home without it. @throws RuvectorError `ERR_STEER_STATE` */
export async function readStates(home: Home, path: string | undefined): Promise<SteeringState[]> {
  const paths = path === undefined ? await listStatePaths(home) : [path];
  const states = await Promise.all(paths.map((each) => readSteeringState(each)));
  return states.filter((state) => state !== null);
}
