// Starts the workloads of the optimizer's benchmarks and asks them how they fared.
import { startJsonChild } from '../../support/json-child.ts';
import type { JsonChild } from '../../support/json-child.ts';
import type { ProgramName, Programs } from './programs.ts';

/** What a workload says of a time span. */
export interface LatencyReport {
  readonly count: number;
  readonly meanUs: number;
  readonly p50Us: number;
  readonly p99Us: number;
  readonly maxUs: number;
  /** Those that took longer than 1 ms. */
  readonly late: number;
}

/** A workload whose memory is resident. */
export type Workload = JsonChild;

/** Starts one and waits until it holds its memory. */
export async function startWorkload(
  programs: Programs,
  name: ProgramName,
  options: Readonly<Record<string, string | number>>,
): Promise<Workload> {
  const args = Object.entries(options).flatMap(([key, value]) => [`--${key}`, String(value)]);
  const child = startJsonChild(programs.path(name), args);
  try {
    await child.read();
    return child;
  } catch (error) {
    await child.kill();
    throw error;
  }
}
