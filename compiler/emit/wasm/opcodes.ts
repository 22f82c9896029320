/**
 * The WebAssembly instructions that the generator uses, by their standard names. A prefixed instruction is written
 * `[prefix, number]`; the number is LEB128-encoded.
 */

/** Instructions without immediates. */
export const plainOpcodes = {
  unreachable: [0x00],
  return: [0x0f],
  select: [0x1b],
  'i32.eqz': [0x45],
  'i32.eq': [0x46],
  'i32.ne': [0x47],
  'i32.lt_s': [0x48],
  'i32.lt_u': [0x49],
  'i32.gt_s': [0x4a],
  'i32.add': [0x6a],
  'i32.sub': [0x6b],
  'i32.mul': [0x6c],
  'i32.div_s': [0x6d],
  'i32.div_u': [0x6e],
  'i32.rem_u': [0x70],
  'i32.and': [0x71],
  'i64.shl': [0x86],
  'i64.shr_u': [0x88],
  'i32.wrap_i64': [0xa7],
  'i64.extend_i32_u': [0xad],
  'f32.eq': [0x5b],
  'i32x4.splat': [0xfd, 0x11],
  'f32x4.eq': [0xfd, 0x41],
  'f32x4.ne': [0xfd, 0x42],
  'f32x4.lt': [0xfd, 0x43],
  'f32x4.gt': [0xfd, 0x44],
  'f32x4.ge': [0xfd, 0x46],
  'v128.and': [0xfd, 0x4e],
  'v128.andnot': [0xfd, 0x4f],
  'v128.or': [0xfd, 0x50],
  'v128.xor': [0xfd, 0x51],
  'v128.bitselect': [0xfd, 0x52],
  'f32x4.demote_f64x2_zero': [0xfd, 0x5e],
  'f64x2.promote_low_f32x4': [0xfd, 0x5f],
  'f32x4.nearest': [0xfd, 0x6a],
  'i32x4.shl': [0xfd, 0xab],
  'i32x4.shr_s': [0xfd, 0xac],
  'i32x4.shr_u': [0xfd, 0xad],
  'i32x4.add': [0xfd, 0xae],
  'i32x4.sub': [0xfd, 0xb1],
  'f32x4.abs': [0xfd, 0xe0],
  'f32x4.neg': [0xfd, 0xe1],
  'f32x4.sqrt': [0xfd, 0xe3],
  'f32x4.add': [0xfd, 0xe4],
  'f32x4.sub': [0xfd, 0xe5],
  'f32x4.mul': [0xfd, 0xe6],
  'f32x4.div': [0xfd, 0xe7],
  'f32x4.min': [0xfd, 0xe8],
  'f32x4.max': [0xfd, 0xe9],
  'f32x4.pmin': [0xfd, 0xea],
  'f32x4.pmax': [0xfd, 0xeb],
  'f64x2.add': [0xfd, 0xf0],
  'f64x2.sub': [0xfd, 0xf1],
  'f64x2.mul': [0xfd, 0xf2],
  'f64x2.div': [0xfd, 0xf3],
  'f64x2.pmin': [0xfd, 0xf6],
  'f64x2.pmax': [0xfd, 0xf7],
  'f32x4.convert_i32x4_s': [0xfd, 0xfa],
  'f32x4.relaxed_madd': [0xfd, 0x105],
} as const satisfies Readonly<Record<string, readonly number[]>>;

/** Instructions with a memory immediate, and the alignment (log₂ bytes) that they state. */
export const memoryOpcodes = {
  'i32.load': { code: [0x28], align: 2 },
  'f32.load': { code: [0x2a], align: 2 },
  'i32.store': { code: [0x36], align: 2 },
  'v128.load': { code: [0xfd, 0x00], align: 2 },
  'v128.load32_splat': { code: [0xfd, 0x09], align: 2 },
  'v128.load32_zero': { code: [0xfd, 0x5c], align: 2 },
  'v128.load64_zero': { code: [0xfd, 0x5d], align: 2 },
  'v128.store': { code: [0xfd, 0x0b], align: 2 },
  'memory.atomic.notify': { code: [0xfe, 0x00], align: 2 },
  'memory.atomic.wait32': { code: [0xfe, 0x01], align: 2 },
  'i32.atomic.load': { code: [0xfe, 0x10], align: 2 },
  'i32.atomic.store': { code: [0xfe, 0x17], align: 2 },
  'i32.atomic.rmw.add': { code: [0xfe, 0x1e], align: 2 },
  'i64.atomic.load': { code: [0xfe, 0x11], align: 3 },
  'i64.atomic.store': { code: [0xfe, 0x18], align: 3 },
  'i64.atomic.rmw.add': { code: [0xfe, 0x1f], align: 3 },
} as const;

/** Instructions with a memory immediate and a lane. */
export const memoryLaneOpcodes = {
  'v128.load32_lane': { code: [0xfd, 0x56], align: 2 },
  'v128.store32_lane': { code: [0xfd, 0x5a], align: 2 },
  'v128.store64_lane': { code: [0xfd, 0x5b], align: 2 },
} as const;

/** Instructions with a lane. */
export const laneOpcodes = {
  'i32x4.replace_lane': [0xfd, 0x1c],
} as const;

/** The name of an instruction without immediates. */
export type PlainOp = keyof typeof plainOpcodes;
/** The name of a load, store or atomic operation. */
export type MemoryOp = keyof typeof memoryOpcodes;
/** The name of a load or store of one lane. */
export type MemoryLaneOp = keyof typeof memoryLaneOpcodes;
/** The name of an instruction with a lane. */
export type LaneOp = keyof typeof laneOpcodes;
