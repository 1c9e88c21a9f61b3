// Observations of a whole history in little memory: a float64 column for each number, 104 bytes a row. As objects they
// would take three times that. Columns are named one by one because a loop over names costs most of a build.
import { NumberColumn } from './number-column.ts';
import type { Observation } from './observation.ts';

/** Appends observations and reads them back by position. */
export class ObservationColumns {
  readonly #timeMs = new NumberColumn();
  readonly #stallSomeUs = new NumberColumn();
  readonly #stallFullUs = new NumberColumn();
  readonly #swapIn = new NumberColumn();
  readonly #refaultAnon = new NumberColumn();
  readonly #refaultFile = new NumberColumn();
  readonly #oomKills = new NumberColumn();
  readonly #reclaimKills = new NumberColumn();
  readonly #cgroupKills = new NumberColumn();
  readonly #ownRefaultAnon = new NumberColumn();
  readonly #ownRefaultFile = new NumberColumn();
  readonly #usedKib = new NumberColumn();
  readonly #availablePercent = new NumberColumn();

  get length(): number {
    return this.#timeMs.length;
  }

  push(row: Observation): void {
    this.#timeMs.push(row.timeMs);
    this.#stallSomeUs.push(row.stallSomeUs);
    this.#stallFullUs.push(row.stallFullUs);
    this.#swapIn.push(row.swapIn);
    this.#refaultAnon.push(row.refaultAnon);
    this.#refaultFile.push(row.refaultFile);
    this.#oomKills.push(row.oomKills);
    this.#reclaimKills.push(row.reclaimKills);
    this.#cgroupKills.push(row.cgroupKills);
    this.#ownRefaultAnon.push(row.ownRefaultAnon);
    this.#ownRefaultFile.push(row.ownRefaultFile);
    this.#usedKib.push(row.usedKib);
    this.#availablePercent.push(row.availablePercent);
  }

  timeMsAt(at: number): number {
    return this.#timeMs.at(at);
  }

  availablePercentAt(at: number): number {
    return this.#availablePercent.at(at);
  }

  at(position: number): Observation {
    return {
      timeMs: this.#timeMs.at(position),
      stallSomeUs: this.#stallSomeUs.at(position),
      stallFullUs: this.#stallFullUs.at(position),
      swapIn: this.#swapIn.at(position),
      refaultAnon: this.#refaultAnon.at(position),
      refaultFile: this.#refaultFile.at(position),
      oomKills: this.#oomKills.at(position),
      reclaimKills: this.#reclaimKills.at(position),
      cgroupKills: this.#cgroupKills.at(position),
      ownRefaultAnon: this.#ownRefaultAnon.at(position),
      ownRefaultFile: this.#ownRefaultFile.at(position),
      usedKib: this.#usedKib.at(position),
      availablePercent: this.#availablePercent.at(position),
    };
  }
}
