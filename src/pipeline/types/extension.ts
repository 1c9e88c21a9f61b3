// Extension types of Arrow: a field whose metadata says what its storage means. Others see the storage.
// https://arrow.apache.org/docs/format/Columnar.html#extension-types
import * as arrow from 'apache-arrow';
import { extensionFieldError } from './errors.ts';

const NAME = 'ARROW:extension:name';
const METADATA = 'ARROW:extension:metadata';

/** A field of an extension type. */
export function buildExtensionField(
  name: string,
  storage: arrow.DataType,
  extension: string,
  metadata: object,
  isNullable: boolean,
): arrow.Field {
  const facts = new Map([
    [NAME, extension],
    [METADATA, JSON.stringify(metadata)],
  ]);
  return new arrow.Field(name, storage, isNullable, facts);
}

/**
 * The metadata of a field of this extension type; null for other fields.
 * @throws RuvectorError `ERR_PIPELINE_TYPE` when it is no JSON object
 */
export function readExtension(
  field: arrow.Field,
  extension: string,
): Readonly<Record<string, unknown>> | null {
  if (field.metadata.get(NAME) !== extension) return null;
  const text = field.metadata.get(METADATA) ?? '';
  try {
    const metadata: unknown = JSON.parse(text);
    if (metadata !== null && typeof metadata === 'object') return metadata as Record<string, unknown>;
  } catch (error) {
    throw extensionFieldError(field.name, extension, 'its metadata is no JSON', error);
  }
  throw extensionFieldError(field.name, extension, 'its metadata is no JSON object', null);
}
