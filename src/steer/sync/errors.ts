// Errors of src/steer/sync. Codes are listed in docs/errors.md and mirrored in Python.
import { RuvectorError } from '../../core/index.ts';

/** An option that cannot be, code `ERR_STEER_SYNC_OPTION`. */
export function syncOptionError(option: string, value: unknown, wanted: string): RuvectorError {
  return new RuvectorError(
    'ERR_STEER_SYNC_OPTION',
    `Cannot use option "${option}": it is ${String(value)}; give it ${wanted}`,
    { details: { option, value } },
  );
}

/** A pattern of this host that cannot be shared, code `ERR_STEER_SYNC_PATTERN`. */
export function localPatternError(key: string, state: string, nextStep: string): RuvectorError {
  return new RuvectorError(
    'ERR_STEER_SYNC_PATTERN',
    `Cannot share pattern "${key.slice(0, 64)}": ${state}; ${nextStep}`,
    { details: { key } },
  );
}

/** Keys of this host that cannot be read, code `ERR_STEER_SYNC_KEYS`. */
export function hostKeysError(path: string, state: string, nextStep: string, cause?: unknown): RuvectorError {
  return new RuvectorError('ERR_STEER_SYNC_KEYS', `Cannot use keys "${path}": ${state}; ${nextStep}`, {
    cause,
    details: { path },
  });
}

/** A peer that cannot be, or is not pinned, code `ERR_STEER_SYNC_PEER`. */
export function peerError(peer: string, state: string, nextStep: string, cause?: unknown): RuvectorError {
  return new RuvectorError('ERR_STEER_SYNC_PEER', `Cannot use peer "${peer}": ${state}; ${nextStep}`, {
    cause,
    details: { peer },
  });
}

/** A file of peers or of sync's state that cannot be read or written, code `ERR_STEER_SYNC_STATE`. */
export function syncStateError(
  path: string,
  state: string,
  nextStep: string,
  cause?: unknown,
): RuvectorError {
  return new RuvectorError('ERR_STEER_SYNC_STATE', `Cannot use sync state "${path}": ${state}; ${nextStep}`, {
    cause,
    details: { path },
  });
}

/** An amount of privacy. */
export interface PrivacyAmount {
  readonly epsilon: number;
  readonly delta: number;
}

/** The day's privacy budget does not hold what is asked for, code `ERR_STEER_SYNC_BUDGET`. */
export function budgetError(asked: PrivacyAmount, left: PrivacyAmount, day: string): RuvectorError {
  const [wanted, rest] = [asked, left].map(({ epsilon, delta }) => `epsilon ${epsilon}, delta ${delta}`);
  return new RuvectorError(
    'ERR_STEER_SYNC_BUDGET',
    `Cannot spend "${wanted}": ${rest} are left of the budget of ${day} (UTC); wait for the next day, ` +
      'or raise the budget of a day and so weaken what is promised',
    { details: { asked, left, day } },
  );
}

interface Refusal {
  readonly code: string;
  readonly nextStep: string;
}

/** Why a bundle is refused. */
const refusals = {
  BUNDLE: {
    code: 'ERR_STEER_SYNC_BUNDLE',
    nextStep: 'send all the bytes that a release of this product wrote',
  },
  VERSION: { code: 'ERR_STEER_SYNC_VERSION', nextStep: 'run the same release on both hosts' },
  SIZE: { code: 'ERR_STEER_SYNC_SIZE', nextStep: 'send fewer patterns at a time' },
  PEER: {
    code: 'ERR_STEER_SYNC_PEER',
    nextStep: 'pin its card with `dag sync peers add` where it is to be trusted',
  },
  RECIPIENT: { code: 'ERR_STEER_SYNC_RECIPIENT', nextStep: 'send it to the host it was sealed for' },
  SIGNATURE: {
    code: 'ERR_STEER_SYNC_SIGNATURE',
    nextStep: 'drop it: it was changed on its way, or its sender is somebody else',
  },
  SEALED: { code: 'ERR_STEER_SYNC_SEALED', nextStep: 'drop it, and compare the cards of both hosts' },
  REPLAY: {
    code: 'ERR_STEER_SYNC_REPLAY',
    nextStep: 'drop it: this bundle or a later one of its sender was taken already',
  },
  CLOCK: { code: 'ERR_STEER_SYNC_CLOCK', nextStep: 'set the clocks of both hosts' },
} as const satisfies Readonly<Record<string, Refusal>>;

/** A bundle that is refused. @param sender fingerprint or "unknown" */
export function bundleError(
  flaw: keyof typeof refusals,
  sender: string,
  state: string,
  cause?: unknown,
): RuvectorError {
  const { code, nextStep } = refusals[flaw];
  return new RuvectorError(code, `Cannot take bundle of "${sender}": ${state}; ${nextStep}`, {
    cause,
    details: { sender },
  });
}

/** A transport that is away, code `ERR_STEER_SYNC_TRANSPORT`. */
export function transportError(address: string, state: string, cause?: unknown): RuvectorError {
  return new RuvectorError(
    'ERR_STEER_SYNC_TRANSPORT',
    `Cannot reach "${address}": ${state}; nothing is lost, the next round sends again`,
    { cause, details: { address } },
  );
}
