// Numbers of any type of HDF5 out of bytes.
import type { NumberType } from './datatype.ts';
import { NotNative } from '../errors.ts';

type Getter = (view: DataView, at: number) => number;

/** The function that gives numbers of a type. 64-bit integers lose what a double cannot hold. */
export function numberGetter({ kind, sizeBytes, isSigned, isBigEndian }: NumberType): Getter {
  const isLittle = !isBigEndian;
  switch (`${kind}${sizeBytes}${isSigned ? 's' : 'u'}`) {
    case 'integer1u':
      return (view, at) => view.getUint8(at);
    case 'integer1s':
      return (view, at) => view.getInt8(at);
    case 'integer2u':
      return (view, at) => view.getUint16(at, isLittle);
    case 'integer2s':
      return (view, at) => view.getInt16(at, isLittle);
    case 'integer4u':
      return (view, at) => view.getUint32(at, isLittle);
    case 'integer4s':
      return (view, at) => view.getInt32(at, isLittle);
    case 'integer8u':
      return (view, at) => Number(view.getBigUint64(at, isLittle));
    case 'integer8s':
      return (view, at) => Number(view.getBigInt64(at, isLittle));
    case 'float4s':
      return (view, at) => view.getFloat32(at, isLittle);
    case 'float8s':
      return (view, at) => view.getFloat64(at, isLittle);
    default:
      throw new NotNative(`numbers of ${sizeBytes} bytes`);
  }
}

/** One number at a place in bytes. */
export function readNumber(type: NumberType, bytes: Uint8Array, at: number): number {
  return numberGetter(type)(new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength), at);
}
