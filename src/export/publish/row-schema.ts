// schema.json: a JSON Schema (2020-12) of one row of each table, with units, roles and Arrow types as
// annotations, from which the columns can be read back. https://json-schema.org/draft/2020-12
import type { FieldType, PrivacyRole } from '../../core/index.ts';
import type { ColumnRole, PublishColumn } from './publish-contract.ts';

interface ColumnSchema {
  readonly type: string | readonly string[];
  readonly format?: string;
  readonly enum?: readonly number[];
  readonly description: string;
  readonly 'x-dtype': FieldType;
  readonly 'x-unit': string;
  readonly 'x-role': ColumnRole;
  readonly 'x-privacy'?: PrivacyRole;
  readonly 'x-class-names'?: readonly string[];
}

/** schema.json. */
export interface RowSchema {
  readonly $schema: string;
  readonly title: string;
  readonly $defs: Readonly<
    Record<
      string,
      {
        readonly type: 'object';
        readonly description: string;
        readonly properties: Readonly<Record<string, ColumnSchema>>;
        readonly required: readonly string[];
        readonly additionalProperties: false;
      }
    >
  >;
}

interface Table {
  readonly name: string;
  readonly description: string;
  readonly columns: readonly PublishColumn[];
}

/** Builds schema.json. */
export function buildRowSchema(title: string, tables: readonly Table[]): RowSchema {
  const definitions = tables.map(({ name, description, columns }) => [
    name,
    {
      type: 'object',
      description,
      properties: Object.fromEntries(columns.map((column) => [column.name, describeColumn(column)])),
      required: columns.map((column) => column.name),
      additionalProperties: false,
    },
  ]);
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: `A row of ${title}`,
    $defs: Object.fromEntries(definitions) as RowSchema['$defs'],
  };
}

/** Reads the columns of one table back. */
export function parseColumns(schema: RowSchema, table: string): PublishColumn[] {
  return Object.entries(schema.$defs[table]!.properties).map(([name, column]) => ({
    name,
    type: column['x-dtype'],
    unit: column['x-unit'],
    nullable: Array.isArray(column.type),
    source: column.description,
    role: column['x-role'],
    ...(column['x-privacy'] && { privacy: column['x-privacy'] }),
    ...(column['x-class-names'] && { classNames: column['x-class-names'] }),
  }));
}

function describeColumn(column: PublishColumn): ColumnSchema {
  const type = jsonTypes[column.type];
  return {
    type: column.nullable ? [type, 'null'] : type,
    ...(column.type === 'timestamp' && { format: 'date-time' }),
    ...(column.classNames && { enum: column.classNames.map((_, index) => index) }),
    description: column.source,
    'x-dtype': column.type,
    'x-unit': column.unit,
    'x-role': column.role,
    ...(column.privacy && { 'x-privacy': column.privacy }),
    ...(column.classNames && { 'x-class-names': column.classNames }),
  };
}

/** Types of JSON by those of columns. */
export const jsonTypes: Readonly<Record<FieldType, string>> = {
  timestamp: 'string',
  int64: 'integer',
  uint64: 'integer',
  int32: 'integer',
  int8: 'integer',
  float32: 'number',
  float64: 'number',
  bool: 'boolean',
  utf8: 'string',
};
