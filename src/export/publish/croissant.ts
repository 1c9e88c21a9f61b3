// croissant.json: Croissant 1.1 with the RAI vocabulary and PROV-O.
// https://docs.mlcommons.org/croissant/docs/croissant-spec-1.1.html, .../croissant-rai-spec.html
import type { FieldType } from '../../core/index.ts';
import type { DatasetFacts, PublishColumn, WrittenSplit, WrittenTable } from './publish-contract.ts';

/** Builds the metadata. */
export function buildCroissant(facts: DatasetFacts): object {
  const { source } = facts;
  return {
    '@context': context,
    '@type': 'sc:Dataset',
    conformsTo: ['http://mlcommons.org/croissant/1.1', 'http://mlcommons.org/croissant/RAI/1.0'],
    name: facts.name,
    alternateName: facts.title,
    description: `${facts.tables[0]!.description} See README.md for every column, its unit and how it came about.`,
    license: facts.license.url,
    url: facts.url,
    creator: { '@type': 'sc:Organization', name: facts.creator },
    datePublished: facts.published,
    version: facts.version,
    citeAs: buildCitation(facts),
    keywords: ['memory', 'telemetry', 'linux', 'psi', 'time-series'],
    isLiveDataset: false,
    distribution: facts.tables.flatMap(buildDistribution),
    recordSet: [
      ...facts.tables.filter(labelColumnOf).map(buildClasses),
      ...facts.tables.flatMap((table) => table.splits.map((split) => buildRecordSet(table, split))),
    ],
    ...buildResponsibility(facts),
    'prov:wasAttributedTo': { '@type': 'prov:SoftwareAgent', 'prov:label': facts.creator },
    'prov:wasGeneratedBy': {
      '@type': 'prov:Activity',
      'prov:label': 'ruvector-memopt publish',
      'prov:startedAtTime': new Date(source.fromMs).toISOString(),
      'prov:endedAtTime': new Date(source.toMs).toISOString(),
    },
    'prov:wasDerivedFrom': { '@id': `urn:sha256:${source.card.sha256}`, '@type': 'prov:Entity' },
  };
}

/** BibTeX. */
export function buildCitation({ name, title, creator, published, version, url }: DatasetFacts): string {
  const key = name.replaceAll(/[^a-z0-9]+/g, '_');
  return `@misc{${key}, title = {${title}}, author = {{${creator}}}, year = {${published.slice(0, 4)}}, version = {${version}}, url = {${url}}}`;
}

function buildDistribution(table: WrittenTable): object[] {
  return table.splits.flatMap((split) => [
    ...split.files.map((file) => ({
      '@type': 'cr:FileObject',
      '@id': file.path,
      name: file.path,
      description: `${split.rows} rows in ${split.files.length} file${split.files.length > 1 ? 's' : ''}`,
      contentUrl: file.path,
      contentSize: `${file.sizeBytes} B`,
      encodingFormat: 'application/x-parquet',
      sha256: file.sha256,
    })),
    ...(split.files.length > 1 ? [buildFileSet(table, split)] : []),
  ]);
}

/** Read as one; its files stand above with their checksums. */
function buildFileSet(table: WrittenTable, split: WrittenSplit): object {
  const folder = split.files[0]!.path.slice(0, split.files[0]!.path.lastIndexOf('/'));
  return {
    '@type': 'cr:FileSet',
    '@id': `${table.name}-${split.name}-files`,
    name: `${table.name}-${split.name}-files`,
    description: `All files of ${table.name}, ${split.name}`,
    encodingFormat: 'application/x-parquet',
    includes: `${folder}/${split.name}-*.parquet`,
  };
}

function buildRecordSet(table: WrittenTable, split: WrittenSplit): object {
  const id = `${table.name}-${split.name}`;
  const files =
    split.files.length > 1
      ? { fileSet: { '@id': `${table.name}-${split.name}-files` } }
      : { fileObject: { '@id': split.files[0]!.path } };
  return {
    '@type': 'cr:RecordSet',
    '@id': id,
    name: id,
    description: `${table.description} ${split.rows} rows.`,
    field: table.columns.map((column) => ({
      '@type': 'cr:Field',
      '@id': `${id}/${column.name}`,
      name: column.name,
      description: `${column.source} [${column.unit}]`,
      dataType: dataTypes[column.type],
      source: { ...files, extract: { column: column.name } },
      ...(column.role === 'label' && { references: { field: { '@id': `${table.name}-classes/index` } } }),
    })),
  };
}

const labelColumnOf = (table: WrittenTable): PublishColumn | undefined =>
  table.columns.find(({ role }) => role === 'label');

/** The names of the label's values, as data. */
function buildClasses(table: WrittenTable): object {
  const id = `${table.name}-classes`;
  const field = (name: string, dataType: string): object => ({
    '@type': 'cr:Field',
    '@id': `${id}/${name}`,
    name,
    description: name === 'index' ? 'Value in the column' : 'What it means',
    dataType,
  });
  return {
    '@type': 'cr:RecordSet',
    '@id': id,
    name: id,
    description: `Classes of ${table.name}, the mildest first.`,
    dataType: 'sc:Enumeration',
    key: { '@id': `${id}/index` },
    field: [field('index', 'sc:Integer'), field('name', 'sc:Text')],
    data: labelColumnOf(table)!.classNames!.map((name, index) => ({
      [`${id}/index`]: index,
      [`${id}/name`]: name,
    })),
  };
}

function buildResponsibility({ source, hostClass }: DatasetFacts): object {
  const { card, privacy } = source;
  return {
    'rai:dataCollection': `Sampled from /proc, pressure stall information and the memory cgroup of one host (${hostClass}) by ruvector-memopt.`,
    'rai:dataCollectionType': ['Direct measurement', 'Software collection'],
    'rai:dataCollectionTimeframe': [source.fromMs, source.toMs].map((ms) => new Date(ms).toISOString()),
    'rai:dataCollectionMissingData':
      'A counter that the host lacks takes the value named in the description of its column; rows whose horizon was not fully observed are left out.',
    'rai:dataPreprocessingProtocol': [
      `Features by specification sha256:${card.featureSpecSha256}, described column by column.`,
      `Split ${card.split.how}; rows within ${card.horizonMs} ms of a test row are left out.`,
    ],
    'rai:dataAnnotationProtocol': [
      `Labels are computed from what was observed in the ${card.horizonMs} ms after a row; nobody annotated anything.`,
    ],
    'rai:machineAnnotationTools': ['ruvector-memopt'],
    'rai:dataUseCases': [
      'Training and testing classifiers that tell whether a host is about to come under memory pressure.',
    ],
    'rai:dataLimitations': limitations,
    'rai:dataBiases': ['One host and its workload: class shares say nothing of other hosts.'],
    'rai:personalSensitiveInformation': [
      privacy.anonymized
        ? 'None on purpose: no names, command lines, paths, users or addresses; see PRIVACY.md for what is not protected.'
        : 'Not anonymised: exact times of a host; see PRIVACY.md.',
    ],
    'rai:dataReleaseMaintenancePlan':
      'Versions follow patch (repackaged), minor (rows or columns added), major (rows or columns changed or removed).',
  };
}

/** What the data cannot say; in the card too. */
export const limitations: readonly string[] = [
  'Neighbouring rows are nearly the same: the number of independent observations is far below the number of rows.',
  'A label describes the host with whatever its optimizer did in the horizon; pressure that was prevented looks like none.',
  'Counters assume pages of 4 KiB.',
];

const dataTypes: Readonly<Record<FieldType, string>> = {
  timestamp: 'sc:DateTime',
  int64: 'cr:Int64',
  uint64: 'cr:UInt64',
  int32: 'cr:Int32',
  int8: 'cr:Int8',
  float32: 'cr:Float32',
  float64: 'cr:Float64',
  bool: 'sc:Boolean',
  utf8: 'sc:Text',
};

/** As mlcroissant 1.1 writes it: readers compare it key by key. PROV-O is ours. */
const context = {
  '@language': 'en',
  '@vocab': 'https://schema.org/',
  arrayShape: 'cr:arrayShape',
  citeAs: 'cr:citeAs',
  column: 'cr:column',
  conformsTo: 'dct:conformsTo',
  containedIn: 'cr:containedIn',
  cr: 'http://mlcommons.org/croissant/',
  rai: 'http://mlcommons.org/croissant/RAI/',
  prov: 'http://www.w3.org/ns/prov#',
  data: { '@id': 'cr:data', '@type': '@json' },
  dataType: { '@id': 'cr:dataType', '@type': '@vocab' },
  dct: 'http://purl.org/dc/terms/',
  description: { '@container': '@language' },
  equivalentProperty: 'cr:equivalentProperty',
  examples: { '@id': 'cr:examples', '@type': '@json' },
  extract: 'cr:extract',
  field: 'cr:field',
  fileProperty: 'cr:fileProperty',
  fileObject: 'cr:fileObject',
  fileSet: 'cr:fileSet',
  format: 'cr:format',
  includes: 'cr:includes',
  isArray: 'cr:isArray',
  isLiveDataset: 'cr:isLiveDataset',
  jsonPath: 'cr:jsonPath',
  key: 'cr:key',
  md5: 'cr:md5',
  name: { '@container': '@language' },
  parentField: 'cr:parentField',
  path: 'cr:path',
  recordSet: 'cr:recordSet',
  references: 'cr:references',
  regex: 'cr:regex',
  repeated: 'cr:repeated',
  replace: 'cr:replace',
  samplingRate: 'cr:samplingRate',
  sc: 'https://schema.org/',
  separator: 'cr:separator',
  source: 'cr:source',
  subField: 'cr:subField',
  transform: 'cr:transform',
} as const;
