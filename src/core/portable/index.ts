// What of core runs in a browser too: nothing here imports Node's modules or a package.
export { isRuvectorError, RuvectorError } from '../errors.ts';
export { StateReader, StateWriter } from '../bytes.ts';
export { createSeededRandom } from '../seeded-random.ts';
