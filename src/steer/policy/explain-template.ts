// What a policy knows of a template, for people: arms, latencies, and why each is used or not.
import { believe } from './arm-belief.ts';
import type { ArmPriors } from './arm-belief.ts';
import type { ArmReport, ArmStatus, TemplateReport } from './contract.ts';
import { findGain, findProof } from './judge-arm.ts';
import type { PolicySettings } from './policy-options.ts';
import { findMedian, findQuantile } from './template-record.ts';
import type { ArmRecord, TemplateRecord } from './template-record.ts';

export function explainTemplate(
  template: string,
  record: TemplateRecord,
  settings: PolicySettings,
  priors: ArmPriors,
): TemplateReport {
  const { defaultArm, arms, minDefaultRuns } = settings;
  const base = findMedian(record.defaultMs);
  const others = arms.filter((arm) => arm !== defaultArm);
  const verified = others
    .filter((arm) => record.arms[arm]!.status === 'verified')
    .toSorted((one, other) => findGain(record.arms[other]!)! - findGain(record.arms[one]!)!);
  const isOver = others.every((arm) => record.arms[arm]!.status === 'rejected' || isSamePlan(record, arm));
  const reports = others.map((arm): ArmReport => {
    const found = record.arms[arm]!;
    const status: ArmStatus = isSamePlan(record, arm) ? 'same-plan' : found.status;
    const { mean } = believe(record, arm, { statement: null, prior: priors.meanOf(template, arm) });
    return {
      arm,
      status,
      runs: found.runs,
      timeouts: found.timeouts,
      medianMs: findMedian(found.recentMs),
      predictedMs: base === null ? null : base * Math.exp(mean),
      pairs: found.pairs,
      wins: found.wins,
      pValue: findProof(found),
      gain: findGain(found),
      reason: describe(found, status, settings),
    };
  });
  return {
    template,
    state: record.isKilled
      ? 'killed'
      : record.defaultMs.length < minDefaultRuns
        ? 'unseen'
        : verified.length > 0
          ? 'steered'
          : isOver
            ? 'default-best'
            : 'learning',
    runs: record.runs,
    defaultMedianMs: base,
    defaultP95Ms: findQuantile(record.defaultMs, 0.95),
    verified: record.isKilled ? null : (verified[0] ?? null),
    invalidated: record.invalidated && { ...record.invalidated },
    arms: [describeDefault(defaultArm, record, base), ...reports],
  };
}

const isSamePlan = ({ distinctArms }: TemplateRecord, arm: string): boolean =>
  distinctArms !== null && !distinctArms.includes(arm);

function describeDefault(
  arm: string,
  { defaultMs, runs, arms }: TemplateRecord,
  base: number | null,
): ArmReport {
  const others = Object.values(arms).reduce((sum, each) => sum + each.runs, 0);
  return {
    arm,
    status: 'default',
    runs: runs - others,
    timeouts: 0,
    medianMs: base,
    predictedMs: base,
    pairs: 0,
    wins: 0,
    pValue: null,
    gain: null,
    reason:
      defaultMs.length === 0
        ? 'never ran since what was known was dropped'
        : 'what all others are compared with',
  };
}

function describe(arm: ArmRecord, status: ArmStatus, { minGain, significance }: PolicySettings): string {
  const { pairs, wins, losses, stopsInRow, timeouts } = arm;
  const gain = findGain(arm);
  const percent =
    gain === null ? '' : `${Math.round(Math.abs(gain) * 100)} % ${gain < 0 ? 'slower' : 'faster'}`;
  const score = `${wins} of ${pairs} pairs won, ${losses} lost`;
  switch (status) {
    case 'same-plan':
      return 'its plan is that of the default or of another arm';
    case 'untried':
      return arm.isSuggested ? 'suggested by another host, tried next' : 'never tried';
    case 'verified':
      return `${score}; median ${percent}, p = ${findProof(arm)!.toPrecision(2)}`;
    case 'rejected':
      return stopsInRow > 1
        ? `stopped ${timeouts} times, ${stopsInRow} in a row`
        : `${score}${percent && `; median ${percent}`}: given up until something changes`;
    default:
      return `${score}${percent && `; median ${percent}`}: wanted are ${minGain * 100} % with p at most ${significance}`;
  }
}
