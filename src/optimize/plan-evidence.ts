// The evidence of a plan: who is short, why this target, what it would free and what it may cost. Pure.
import type { Label } from '../core/index.ts';
import type { PlanEvidence } from './actuator.ts';
import type { ReclaimBackend } from './reclaim-backend.ts';
import type { Care, RegionPlan } from './region-plan.ts';
import type { Shortage } from './shortage.ts';
import { returnCostUs } from './stall-meter.ts';

/** What is known besides the plan. */
export interface EvidenceContext {
  /** The worst shortage the target's memory could help; null while saving. */
  readonly worst: Shortage | null;
  readonly label: Label;
  readonly backend: Pick<ReclaimBackend, 'kind' | 'store'> | null;
  readonly pageSizeBytes: number;
}

const USUAL_COMPRESSION = 0.5;

/** Bytes that a byte takes compressed: of all that is compressed now, else half. */
export function compressionOf(backend: Pick<ReclaimBackend, 'store'> | null): number {
  const store = backend?.store ?? null;
  if (store === null || store.originalBytes === 0) return USUAL_COMPRESSION;
  return Math.min(1, store.usedBytes / store.originalBytes);
}

/** Evidence of a plan of regions. */
export function explainRegions(plan: RegionPlan, care: Care, context: EvidenceContext): PlanEvidence {
  const anonBytes = plan.bytesByKind.anonymous ?? 0;
  const freesBytes = Math.round(plan.bytes - anonBytes * compressionOf(context.backend));
  return build(context, describeQuiet(plan, care), freesBytes, {
    file: plan.bytes - anonBytes,
    anon: anonBytes,
  });
}

function describeQuiet({ regions, bytes }: RegionPlan, care: Care): string {
  if (regions.length === 0)
    return `its memory would be watched first, and what stays quiet for ${care.minQuietMs / 1000} s taken`;
  const quietMs = regions.map((region) => region.quietMs);
  const [least, most] = [Math.min(...quietMs), Math.max(...quietMs)].map((ms) => (ms / 1000).toFixed(0));
  return `${mib(bytes)} of it was not used for ${least === most ? least : `${least} to ${most}`} s`;
}

/** Evidence of a plan in which the kernel chooses the pages. */
export function explainWhole(bytes: number, context: EvidenceContext): PlanEvidence {
  const what = `the kernel chooses ${mib(bytes)} of what was not used for longest`;
  return build(context, what, bytes, { file: bytes, anon: 0 });
}

function build(
  { worst, label, backend, pageSizeBytes }: EvidenceContext,
  what: string,
  freesBytes: number,
  bytes: { readonly file: number; readonly anon: number },
): PlanEvidence {
  const pages = { file: bytes.file / pageSizeBytes, anon: bytes.anon / pageSizeBytes };
  // All of it coming back one by one.
  const mayCostUs = Math.round(returnCostUs(backend?.kind ?? 'none', pages, pages.file + pages.anon));
  return {
    who: worst?.who ?? 'save',
    label,
    reason: `${describeShort(worst)}; ${what}`,
    freesBytes,
    mayCostUs,
  };
}

function describeShort(worst: Shortage | null): string {
  if (worst === null) return 'nobody is short: saving';
  const who = worst.who === 'host' ? 'the host' : `cgroup ${worst.who}, which its pages count against,`;
  return `${who} is short: ${worst.evidence}`;
}

const mib = (bytes: number): string => `${(bytes / 2 ** 20).toFixed(1)} MiB`;
