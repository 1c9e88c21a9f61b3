// Tables that kernels move events by, written once into the head of the memory.
//
//      0  256 rows of eight u16: the positions of the bits that are set in a byte, the first ones first
//   4096  4 rows of 16 bytes: which bytes of two i64 stay, by two bits

/** Where the rows for pairs of i64 begin. */
export const PAIRS: usize = 4096;

/** Writes the tables. Every thread writes the same, so it does no harm to write them twice. */
export function buildTables(at: usize): void {
  for (let mask: u32 = 0; mask < 256; mask++) {
    let n: usize = 0;
    for (let bit: u32 = 0; bit < 8; bit++) {
      if (((mask >> bit) & 1) == 0) continue;
      store<u16>(at + (mask << 4) + (n << 1), bit as u16);
      n++;
    }
  }
  for (let pair: u32 = 0; pair < 4; pair++) {
    const first: u32 = pair == 2 ? 8 : 0;
    for (let byte: u32 = 0; byte < 16; byte++) {
      store<u8>(at + PAIRS + (pair << 4) + byte, (first + byte) as u8);
    }
  }
}

/** Byte numbers of eight u16 in the order of a row of positions: i becomes 2i, 2i + 1. */
export function orderOf(row: usize): v128 {
  return i16x8.add(i16x8.mul(v128.load(row), i16x8.splat(0x0202)), i16x8.splat(0x0100));
}
