// datapackage.json: Frictionless Data Package v2, one resource a file. https://datapackage.org/standard/data-package
import type { DatasetFacts, PublishColumn, PublishedFile, WrittenTable } from './publish-contract.ts';
import { jsonTypes } from './row-schema.ts';

/** Builds the package. Resources state no `bytes`: readers that count rows of Parquet, not bytes, refuse it. */
export function buildDatapackage(facts: DatasetFacts): object {
  return {
    $schema: 'https://datapackage.org/profiles/2.0/datapackage.json',
    name: facts.name,
    title: facts.title,
    version: facts.version,
    description: `${facts.tables[0]!.description} See README.md.`,
    // The property is a URL or path; a ni: URI is neither.
    ...(/^https?:/.test(facts.url) && { homepage: facts.url }),
    licenses: [{ name: facts.license.id, title: facts.license.name, path: facts.license.url }],
    contributors: [{ title: facts.creator, roles: ['creator'] }],
    sources: [{ title: 'Memory telemetry of one host, sampled by ruvector-memopt' }],
    keywords: ['memory', 'telemetry', 'linux', 'psi', 'time-series'],
    resources: facts.tables.flatMap(buildResources),
  };
}

function buildResources(table: WrittenTable): object[] {
  return table.splits.flatMap(({ name, files }) =>
    files.map((file, index) => ({
      name: [table.name, name, ...(files.length > 1 ? [String(index)] : [])].join('-').toLowerCase(),
      path: file.path,
      title: `${table.name}, ${name}`,
      format: 'parquet',
      mediatype: 'application/vnd.apache.parquet',
      hash: describeHash(file),
      schema: {
        $schema: 'https://datapackage.org/profiles/2.0/tableschema.json',
        fields: table.columns.map(describeField),
      },
    })),
  );
}

/** MD5 unless prefixed. */
const describeHash = ({ sha256 }: PublishedFile): string => `sha256:${sha256}`;

function describeField(column: PublishColumn): object {
  return {
    name: column.name,
    type: fieldTypeOf(column),
    description: `${column.source} [${column.unit}]`,
    constraints: {
      ...(!column.nullable && { required: true }),
      ...(column.classNames && { enum: column.classNames.map((_, index) => index) }),
    },
  };
}

/** frictionless reads Parquet through pandas, where an integer column with a null is one of floats. */
function fieldTypeOf({ type, nullable }: PublishColumn): string {
  if (type === 'timestamp') return 'datetime';
  const jsonType = jsonTypes[type];
  return nullable && jsonType === 'integer' ? 'number' : jsonType;
}
