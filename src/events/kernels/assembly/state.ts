// Where a decoder's state lies in memory: what it carries from word to word, where it writes, and what it counted.
// kernel-state.ts is the other side of this map.
//
//    0 hasTime  4 timeHigh  8 timeLow  12 wraps  16 y  20 baseX  24 vectorPolarity  28 vectorWord  32 restMask
//   36 signed  40 width  44 height  48 dropOutside  52 legacy  56 datVersion  60 datTriggers
//   64 t  68 x  72 y  76 p  80 capacity  84 length              the event slot
//   88 t  92 id  96 value  100 capacity  104 length             the trigger slot; capacity −1: count them only
//  108 triggers  112 reserved  116 padding  120 skipped  124 eventsBeforeTime  128 triggersBeforeTime
//  132 outside  136 wraps  140 reversals                        counted since the call began
//  144 tables                                                   see tables.ts

export const HAS_TIME: usize = 0;
export const TIME_HIGH: usize = 4;
export const TIME_LOW: usize = 8;
export const WRAPS: usize = 12;
export const ROW: usize = 16;
export const BASE_X: usize = 20;
export const VECTOR_POLARITY: usize = 24;
export const VECTOR_WORD: usize = 28;
export const REST_MASK: usize = 32;
export const SIGNED: usize = 36;
export const WIDTH: usize = 40;
export const HEIGHT: usize = 44;
export const DROP_OUTSIDE: usize = 48;
export const LEGACY: usize = 52;
export const DAT_VERSION: usize = 56;
export const DAT_TRIGGERS: usize = 60;
export const T: usize = 64;
export const X: usize = 68;
export const Y: usize = 72;
export const P: usize = 76;
export const CAPACITY: usize = 80;
export const LENGTH: usize = 84;
export const TRIGGER_T: usize = 88;
export const TRIGGER_ID: usize = 92;
export const TRIGGER_VALUE: usize = 96;
export const TRIGGER_CAPACITY: usize = 100;
export const TRIGGER_LENGTH: usize = 104;
export const TRIGGERS: usize = 108;
export const RESERVED: usize = 112;
export const PADDING: usize = 116;
export const SKIPPED: usize = 120;
export const EVENTS_BEFORE_TIME: usize = 124;
export const TRIGGERS_BEFORE_TIME: usize = 128;
export const OUTSIDE: usize = 132;
export const TIME_WRAPS: usize = 136;
export const TIME_REVERSALS: usize = 140;
export const TABLES: usize = 144;
