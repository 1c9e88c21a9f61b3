// All kernels, as one module over imported shared memory.
export { decodeDat } from './dat';
export { decodeEvt2 } from './evt2';
export { decodeEvt21 } from './evt21';
export { decodeEvt3 } from './evt3';
export { decodeEvt4 } from './evt4';
export { keepEvents } from './keep-events';
export { dropIsolated, dropPixels, dropRefractory, forgetPixels, shiftTimes } from './pixel-filters';
export { buildTables } from './tables';
export { decodeTextLines } from './text-lines';
