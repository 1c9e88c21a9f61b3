// A policy's state as plain JSON, and back. What comes from a file is checked field by field: a damaged state is an error,
// never a policy that behaves oddly.
import { policyStateError } from './errors.ts';
import type { PolicySettings } from './policy-options.ts';
import { createArmRecord, createTemplateRecord } from './template-record.ts';
import type { ArmRecord, StatementRecord, TemplateRecord } from './template-record.ts';

/** What a policy goes on from. */
export interface PolicyState {
  readonly templates: Map<string, TemplateRecord>;
  /** Random numbers that were taken. */
  readonly draws: number;
  readonly lastId: number;
}

const VERSION = 1;

/** Plain JSON. */
export function encodePolicyState(
  { templates, draws, lastId }: PolicyState,
  settings: PolicySettings,
): unknown {
  return {
    version: VERSION,
    arms: settings.arms,
    defaultArm: settings.defaultArm,
    draws,
    lastId,
    templates: [...templates].map(([name, { statements, ...record }]) => ({
      name,
      ...structuredClone(record),
      statements: [...statements].map(([parameters, statement]) => ({
        parameters,
        ...structuredClone(statement),
      })),
    })),
  };
}

/** @throws RuvectorError `ERR_STEER_STATE` naming what is wrong and where */
export function restorePolicyState(state: unknown, settings: PolicySettings): PolicyState {
  if (state === undefined) return { templates: new Map(), draws: 0, lastId: 0 };
  const root = readObject(state, 'the state');
  if (root['version'] !== VERSION) {
    throw policyStateError(`its version is ${describe(root['version'])}, this one reads ${VERSION}`);
  }
  const arms = readList(root['arms'], 'arms').map((arm, at) => readText(arm, `arms[${at}]`));
  const isOurs = arms.length === settings.arms.length && arms.every((arm) => settings.arms.includes(arm));
  if (!isOurs || root['defaultArm'] !== settings.defaultArm) {
    throw policyStateError(`it is of the arms ${arms.join(', ')}, not of ${settings.arms.join(', ')}`);
  }
  const others = settings.arms.filter((arm) => arm !== settings.defaultArm);
  const templates = new Map<string, TemplateRecord>();
  readList(root['templates'], 'templates').forEach((value, at) => {
    const place = `templates[${at}]`;
    const fields = readObject(value, place);
    const name = readText(fields['name'], `${place}.name`);
    if (templates.has(name)) throw policyStateError(`${place} is a second "${name}"`);
    templates.set(name, readTemplate(fields, place, others));
  });
  return {
    templates,
    draws: readCount(root['draws'], 'draws'),
    lastId: readCount(root['lastId'], 'lastId'),
  };
}

type Fields = Readonly<Record<string, unknown>>;

function readTemplate(fields: Fields, place: string, others: readonly string[]): TemplateRecord {
  const record = createTemplateRecord(others);
  record.runs = readCount(fields['runs'], `${place}.runs`);
  record.repeats = readCount(fields['repeats'], `${place}.repeats`);
  record.defaultMs = readTimes(fields['defaultMs'], `${place}.defaultMs`);
  record.isKilled = readFlag(fields['isKilled'], `${place}.isKilled`);
  record.totalMs = readTime(fields['totalMs'], `${place}.totalMs`);
  record.lostMs = readTime(fields['lostMs'], `${place}.lostMs`);
  record.driftRatios = readNumbers(fields['driftRatios'], `${place}.driftRatios`);
  if (fields['invalidated'] !== null) {
    const found = readObject(fields['invalidated'], `${place}.invalidated`);
    const why = readText(found['why'], `${place}.invalidated.why`);
    record.invalidated = { why, atMs: readNumber(found['atMs'], `${place}.invalidated.atMs`) };
  }
  if (fields['distinctArms'] !== null) {
    record.distinctArms = readList(fields['distinctArms'], `${place}.distinctArms`).map((arm, at) =>
      readText(arm, `${place}.distinctArms[${at}]`),
    );
  }
  const arms = readObject(fields['arms'], `${place}.arms`);
  for (const arm of others) record.arms[arm] = readArm(arms[arm], `${place}.arms.${arm}`);
  for (const [at, value] of readList(fields['statements'], `${place}.statements`).entries()) {
    const [parameters, statement] = readStatement(value, `${place}.statements[${at}]`, others);
    record.statements.set(parameters, statement);
  }
  return record;
}

const statuses: readonly unknown[] = ['untried', 'candidate', 'verified', 'rejected'];

function readArm(value: unknown, place: string): ArmRecord {
  const fields = readObject(value, place);
  const { status } = fields;
  if (!statuses.includes(status)) throw policyStateError(`${place}.status is ${describe(status)}`);
  const arm = createArmRecord();
  for (const name of ['runs', 'timeouts', 'pairs', 'wins', 'losses', 'stopsInRow'] as const) {
    arm[name] = readCount(fields[name], `${place}.${name}`);
  }
  if (arm.wins + arm.losses > arm.pairs)
    throw policyStateError(`${place} has won and lost more pairs than it has`);
  arm.recentMs = readTimes(fields['recentMs'], `${place}.recentMs`);
  arm.logRatios = readNumbers(fields['logRatios'], `${place}.logRatios`);
  if (arm.pairs > 0 && arm.logRatios.length === 0)
    throw policyStateError(`${place} has pairs, and none of their ratios`);
  arm.status = status as ArmRecord['status'];
  if (arm.status === 'verified' && arm.pairs === 0)
    throw policyStateError(`${place} is verified without pairs`);
  arm.sinceMs = readNumber(fields['sinceMs'], `${place}.sinceMs`);
  arm.isSuggested = readFlag(fields['isSuggested'], `${place}.isSuggested`);
  return arm;
}

function readStatement(value: unknown, place: string, others: readonly string[]): [string, StatementRecord] {
  const fields = readObject(value, place);
  const armMs: Record<string, number> = {};
  for (const [arm, ms] of Object.entries(readObject(fields['armMs'], `${place}.armMs`))) {
    if (!others.includes(arm)) throw policyStateError(`${place}.armMs names "${arm}", no arm`);
    armMs[arm] = readTime(ms, `${place}.armMs.${arm}`);
  }
  const statement: StatementRecord = {
    defaultMs: readTimes(fields['defaultMs'], `${place}.defaultMs`),
    defaultAt: readNumber(fields['defaultAt'], `${place}.defaultAt`),
    armMs,
    features: readNumbers(fields['features'], `${place}.features`),
  };
  return [readText(fields['parameters'], `${place}.parameters`), statement];
}

function readObject(value: unknown, place: string): Fields {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Fields;
  throw policyStateError(`${place} is ${describe(value)}, no object`);
}

function readList(value: unknown, place: string): readonly unknown[] {
  if (Array.isArray(value)) return value;
  throw policyStateError(`${place} is ${describe(value)}, no list`);
}

function readText(value: unknown, place: string): string {
  if (typeof value === 'string') return value;
  throw policyStateError(`${place} is ${describe(value)}, no text`);
}

function readFlag(value: unknown, place: string): boolean {
  if (typeof value === 'boolean') return value;
  throw policyStateError(`${place} is ${describe(value)}, neither true nor false`);
}

function readNumber(value: unknown, place: string): number {
  if (typeof value === 'number' && Number.isFinite(value)) return value;
  throw policyStateError(`${place} is ${describe(value)}, no number`);
}

function readTime(value: unknown, place: string): number {
  const time = readNumber(value, place);
  if (time >= 0) return time;
  throw policyStateError(`${place} is ${time}, below 0`);
}

function readCount(value: unknown, place: string): number {
  if (Number.isSafeInteger(value) && (value as number) >= 0) return value as number;
  throw policyStateError(`${place} is ${describe(value)}, no whole number from 0 on`);
}

const readNumbers = (value: unknown, place: string): number[] =>
  readList(value, place).map((each, at) => readNumber(each, `${place}[${at}]`));

const readTimes = (value: unknown, place: string): number[] =>
  readList(value, place).map((each, at) => readTime(each, `${place}[${at}]`));

function describe(value: unknown): string {
  if (value === undefined) return 'missing';
  return typeof value === 'object' ? (value === null ? 'null' : 'an object') : JSON.stringify(value);
}
