// A table that turns eight bits of a vector's mask into the positions of those that are set, so that a mask costs the same
// few stores whatever it holds: 256 rows of eight u16, the positions first.

/** Bytes of the table. */
export const TABLE_BYTES: i32 = 256 * 16;

/** Writes the table. Every thread writes the same, so it does no harm to write it twice. */
export function buildTables(at: usize): void {
  for (let mask: u32 = 0; mask < 256; mask++) {
    let n: usize = 0;
    for (let bit: u32 = 0; bit < 8; bit++) {
      if (((mask >> bit) & 1) == 0) continue;
      store<u16>(at + (mask << 4) + (n << 1), bit as u16);
      n++;
    }
  }
}
