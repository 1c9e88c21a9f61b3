// Errors of src/pipeline/memory. Codes are listed in docs/errors.md and mirrored in Python.
import { RuvectorError } from '../../core/index.ts';

/** A budget of no bytes, code `ERR_PIPELINE_BUDGET`. */
export function budgetLimitError(limitBytes: number): RuvectorError {
  return new RuvectorError(
    'ERR_PIPELINE_BUDGET',
    `Cannot create memory budget "${limitBytes}": it is no whole number of bytes above 0; give one`,
    { details: { limitBytes } },
  );
}

/** A lease of no number of bytes, code `ERR_PIPELINE_BUDGET`. */
export function budgetRequestError(bytes: number): RuvectorError {
  return new RuvectorError(
    'ERR_PIPELINE_BUDGET',
    `Cannot lease "${bytes}" bytes: that is no whole number from 0; give one`,
    { details: { bytes } },
  );
}

/** More than there will ever be, code `ERR_PIPELINE_BUDGET`. */
export function budgetTooSmallError(bytes: number, limitBytes: number): RuvectorError {
  return new RuvectorError(
    'ERR_PIPELINE_BUDGET',
    `Cannot lease "${bytes}" bytes: the whole budget is ${limitBytes} bytes; give the pipeline a larger budget or smaller batches`,
    { details: { bytes, limitBytes } },
  );
}

/** Slots of no size or number, code `ERR_PIPELINE_SLOT`. */
export function slabSizeError({ slotBytes, slots }: { slotBytes: number; slots: number }): RuvectorError {
  return new RuvectorError(
    'ERR_PIPELINE_SLOT',
    `Cannot create slab of "${slots}" slots of "${slotBytes}" bytes: both have to be whole numbers above 0; give such`,
    { details: { slotBytes, slots } },
  );
}

/** No slot will ever be so large, code `ERR_PIPELINE_SLOT`. */
export function slotTooLargeError(bytes: number, largestSlotBytes: number): RuvectorError {
  return new RuvectorError(
    'ERR_PIPELINE_SLOT',
    `Cannot take slot of "${bytes}" bytes: the largest has ${largestSlotBytes}; cut the batch, or give the slab larger slots`,
    { details: { bytes, largestSlotBytes } },
  );
}
