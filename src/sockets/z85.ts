// Z85 (ZeroMQ RFC 32), in which ZeroMQ takes the keys of CURVE: five characters stand for four bytes.
const DIGITS = '0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-:+=^!/*?&<>()[]{}@%$#';

/** @param bytes a multiple of four of them */
export function encodeZ85(bytes: Uint8Array): string {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let text = '';
  for (let offset = 0; offset < bytes.byteLength; offset += 4) {
    const value = view.getUint32(offset);
    for (let power = 85 ** 4; power >= 1; power /= 85) text += DIGITS[Math.floor(value / power) % 85]!;
  }
  return text;
}
