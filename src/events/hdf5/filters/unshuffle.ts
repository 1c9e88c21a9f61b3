// Shuffle (HDF5 filter 2, and inside blosc): first bytes of all elements, then all second bytes, and so on. A rest that is
// no whole element stands at the end as it is.

/** Brings elements together again. */
export function unshuffle(bytes: Uint8Array, elementBytes: number): Uint8Array<ArrayBuffer> {
  const out = new Uint8Array(bytes.length);
  unshuffleInto(bytes, elementBytes, out);
  return out;
}

/** The same into memory that is there. */
export function unshuffleInto(bytes: Uint8Array, elementBytes: number, out: Uint8Array): void {
  const count = Math.floor(bytes.length / elementBytes);
  const isAligned = out.byteOffset % 8 === 0;
  if (elementBytes === 2 && isAligned) unshuffle2(bytes, count, out);
  else if (elementBytes === 4 && isAligned) unshuffle4(bytes, count, out);
  else if (elementBytes === 8 && isAligned) unshuffle8(bytes, count, out);
  else {
    for (let byte = 0; byte < elementBytes; byte++) {
      const from = byte * count;
      for (let i = 0, to = byte; i < count; i++, to += elementBytes) out[to] = bytes[from + i]!;
    }
  }
  const rest = count * elementBytes;
  if (rest < bytes.length) out.set(bytes.subarray(rest), rest);
}

function unshuffle2(bytes: Uint8Array, count: number, out: Uint8Array): void {
  const words = new Uint16Array(out.buffer, out.byteOffset, count);
  for (let i = 0; i < count; i++) words[i] = bytes[i]! | (bytes[count + i]! << 8);
}

function unshuffle4(bytes: Uint8Array, count: number, out: Uint8Array): void {
  const words = new Uint32Array(out.buffer, out.byteOffset, count);
  const [b, c, d] = [count, 2 * count, 3 * count];
  for (let i = 0; i < count; i++) {
    words[i] = bytes[i]! | (bytes[b + i]! << 8) | (bytes[c + i]! << 16) | (bytes[d + i]! << 24);
  }
}

function unshuffle8(bytes: Uint8Array, count: number, out: Uint8Array): void {
  const words = new Uint32Array(out.buffer, out.byteOffset, 2 * count);
  const [b, c, d, e, f, g, h] = [1, 2, 3, 4, 5, 6, 7].map((byte) => byte * count) as [
    number,
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  for (let i = 0; i < count; i++) {
    words[2 * i] = bytes[i]! | (bytes[b + i]! << 8) | (bytes[c + i]! << 16) | (bytes[d + i]! << 24);
    words[2 * i + 1] = bytes[e + i]! | (bytes[f + i]! << 8) | (bytes[g + i]! << 16) | (bytes[h + i]! << 24);
  }
}
