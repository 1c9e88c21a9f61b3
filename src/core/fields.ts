// The field table: one description of a record from which its TypeScript type,
// its Arrow schema and its stored encodings all follow. No I/O.

/** Storage type of a field. int64 rows hold JavaScript safe integers, uint64 rows hold bigints. */
export type FieldType =
  'timestamp' | 'int64' | 'uint64' | 'int32' | 'int8' | 'float32' | 'float64' | 'bool' | 'utf8';

/**
 * What a value gives away. `identifier` names one thing for good (a command, a process), `quasi-identifier`
 * does so together with others (the time, the size of the machine), `free-text` may hold anything.
 */
export type PrivacyRole = 'identifier' | 'quasi-identifier' | 'free-text';

/** One column of a record kind. */
export interface Field {
  /** Column name, snake_case with the unit as suffix. */
  readonly name: string;
  readonly type: FieldType;
  /** Unit of the stored value: the source's own (KiB, µs, pages), never converted on disk. */
  readonly unit: string;
  /** True when a host may lack the value; a missing value is null, never 0. */
  readonly nullable: boolean;
  /** Where the value comes from. */
  readonly source: string;
  /** What the value gives away; unset for plain measurements. */
  readonly privacy?: PrivacyRole;
}

interface FieldValues {
  timestamp: number;
  int64: number;
  uint64: bigint;
  int32: number;
  int8: number;
  float32: number;
  float64: number;
  bool: boolean;
  utf8: string;
}

/** The row type of a field table: `{ name: value }`, with null where nullable. */
export type RowOf<F extends readonly Field[]> = {
  -readonly [K in F[number] as K['name']]: K['nullable'] extends false
    ? FieldValues[K['type']]
    : FieldValues[K['type']] | null;
};

/** Any row, when the kind is only known at run time. */
export type AnyRow = Record<string, number | bigint | boolean | string | null>;

/** A record kind: a name, a schema version and its columns. The first column is always `timestamp`. */
export interface RecordKind<F extends readonly Field[] = readonly Field[]> {
  readonly name: string;
  readonly version: number;
  readonly fields: F;
}

/** Builds a required field. */
export function required<const N extends string, const T extends FieldType>(
  name: N,
  type: T,
  unit: string,
  source: string,
): { name: N; type: T; unit: string; source: string; nullable: false } {
  return { name, type, unit, source, nullable: false };
}

/** Builds a field that may be null on some hosts. */
export function optional<const N extends string, const T extends FieldType>(
  name: N,
  type: T,
  unit: string,
  source: string,
): { name: N; type: T; unit: string; source: string; nullable: true } {
  return { name, type, unit, source, nullable: true };
}

/** Declares what a field gives away. */
export function withPrivacy<const F extends Field>(
  privacy: PrivacyRole,
  field: F,
): F & { readonly privacy: PrivacyRole } {
  return { ...field, privacy };
}
