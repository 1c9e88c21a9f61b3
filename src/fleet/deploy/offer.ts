// What is said between who offers a model and the hosts: the offer, the reports, who is a canary, and what the reports
// of the canaries come to. Pure.
import { sha256Of } from '../../core/index.ts';

/** Who may take an offer: canaries, everybody, or nobody any more. */
export type OfferStage = 'canary' | 'all' | 'withdrawn';

/** One file of a package, by its name in the package. */
export interface OfferedFile {
  readonly name: 'manifest.json' | 'model.onnx' | 'golden.arrow' | 'heldout.arrow';
  readonly sha256: string;
  readonly sizeBytes: number;
}

/** A model that hosts may take. */
export interface ModelOffer {
  readonly id: string;
  readonly name: string;
  /** In the registry of who offers it; hosts number their own. */
  readonly version: string;
  readonly stage: OfferStage;
  /** Share of the hosts that are canaries, 0 to 1. */
  readonly canaryShare: number;
  readonly files: readonly OfferedFile[];
}

/** What became of an offer on a host. */
export type ReportState =
  /** It answers there. */
  | 'live'
  /** It was verified and did not pass the host's own gate, or is only kept. */
  | 'candidate'
  /** It does not verify there. */
  | 'refused'
  /** It answered, and does not any more. */
  | 'rolled-back';

/** A host's word on an offer. */
export interface OfferReport {
  readonly offer: string;
  readonly host: string;
  readonly state: ReportState;
  readonly reason: string;
}

/** What the canaries' reports come to. */
export interface CanaryVerdict {
  readonly isGood: boolean;
  readonly reason: string;
}

const NAME = /^[a-z0-9][a-z0-9._-]{0,63}$/i;
const fileNames: ReadonlySet<string> = new Set([
  'manifest.json',
  'model.onnx',
  'golden.arrow',
  'heldout.arrow',
]);
const stages: ReadonlySet<string> = new Set(['canary', 'all', 'withdrawn']);

/** Parses an offer; null when it is none. It comes from elsewhere: nothing in it is believed. */
export function parseOffer(text: string): ModelOffer | null {
  try {
    const offer = JSON.parse(text) as ModelOffer;
    return isOffer(offer) ? offer : null;
  } catch {
    return null;
  }
}

function isOffer({ id, name, version, stage, canaryShare, files }: ModelOffer): boolean {
  return (
    [id, name, version].every((word) => typeof word === 'string' && NAME.test(word)) &&
    stages.has(stage) &&
    canaryShare >= 0 &&
    canaryShare <= 1 &&
    Array.isArray(files) &&
    files.every(isFile) &&
    new Set(files.map((file) => file.name)).size === files.length
  );
}

const isFile = ({ name, sha256, sizeBytes }: OfferedFile): boolean =>
  fileNames.has(name) && /^[0-9a-f]{64}$/.test(sha256) && Number.isSafeInteger(sizeBytes);

/** Parses a report; null when it is none. */
export function parseReport(text: string): OfferReport | null {
  try {
    const report = JSON.parse(text) as OfferReport;
    return typeof report.offer === 'string' && typeof report.host === 'string' ? report : null;
  } catch {
    return null;
  }
}

/** Whether a host is a canary of an offer: other hosts for each offer, and always the same for one. */
export function isCanary({ id, canaryShare }: Pick<ModelOffer, 'id' | 'canaryShare'>, host: string): boolean {
  return Number.parseInt(sha256Of(`${id} ${host}`).slice(0, 8), 16) < canaryShare * 2 ** 32;
}

/** A canary that refused it, or had to go back, is one too many; and somebody must have looked. */
export function judgeCanaries(reports: readonly OfferReport[]): CanaryVerdict {
  const bad = reports.filter(({ state }) => state === 'refused' || state === 'rolled-back');
  const [first] = bad;
  if (first) {
    return {
      isGood: false,
      reason: `${bad.length} of ${reports.length} canaries: ${first.host} ${first.state}: ${first.reason}`,
    };
  }
  if (reports.length === 0) return { isGood: false, reason: 'no canary answered' };
  const live = reports.filter(({ state }) => state === 'live').length;
  return { isGood: true, reason: `${live} of ${reports.length} canaries run it, none went back` };
}
