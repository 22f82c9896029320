/** Where everything is in linear memory: a control block, the program's arena, and slots for results that are kept. */

import { at } from '../../../dsl/internal.js';
import { kernelsOf } from '../../cost.js';
import type { Block, Kernel, Program } from '../../program.js';
import { extentOf, lengthOf } from '../../queries.js';
import { blocksOf, linearOf } from './affine.js';

/** Byte addresses of the words that threads share, each in a cache line of its own. */
export const control = {
  /** 64 bits: the number of tasks of the kernel under way, and below it the number of the next one. */
  ticket: 64,
  /** Counts kernels given to the threads. */
  epoch: 128,
  /** The kernel under way. */
  kernel: 192,
  /** Its finished tasks. */
  done: 256,
  /** Not 0: helpers have gone to sleep, until the epoch changes, since they were last woken. */
  sleepers: 320,
  /** Not 0: helpers return. */
  leave: 384,
  /** Not 0: the calling thread may sleep. */
  mayBlock: 448,
} as const;

const controlBytes = 1024;

// a vector may read 12 bytes past the last element; also room for whole cache lines
const slackBytes = 64;

/** Results of earlier runs that are kept in linear memory, per output. */
const slotsPerOutput = 2;

/** The size of a page of WebAssembly memory. */
export const pageBytes = 65536;

/** The largest memory of 32-bit WebAssembly, in pages. */
export const maximumPages = 65536;

/** A place for one kept result, in bytes. */
export interface Slot {
  readonly address: number;
  readonly length: number;
}

/** Addresses in linear memory. */
export interface Layout {
  /** Byte address of each buffer, and after those of each scratch buffer. */
  readonly buffers: readonly number[];
  /** Slots by stage and output name; outputs of shape `[]` have none. */
  readonly slots: readonly Readonly<Record<string, readonly Slot[]>>[];
  /** Bytes in use. */
  readonly bytes: number;
  readonly pages: number;
}

/** The byte address of a buffer, or of a scratch buffer behind them. */
export const addressOf = (layout: Layout, buffer: number): number => at(layout.buffers, buffer, 'wasm layout');

const align = (bytes: number): number => Math.ceil(bytes / 64) * 64;

// The lowest element that a guarded load computes (and does not read): addresses below the arena must not wrap around
const lowestElement = (kernel: Kernel, block: Block): number =>
  block.reduce((lowest, instruction) => {
    if (instruction.op !== 'load') return lowest;
    const { constant, terms } = linearOf(kernel.axes, instruction.index);
    const reach = terms.reduce((sum, { variable, stride }) => {
      const extent = variable.kind === 'loop' ? extentOf(kernel, variable.axis) : 1;
      return sum + Math.min(0, stride * (extent - 1));
    }, constant);
    return Math.min(lowest, reach);
  }, 0);

/** The layout of a program whose kernels share scratch buffers of some lengths. */
export const layoutOf = (program: Program, scratchLengths: readonly number[]): Layout => {
  const kernels = program.stages.flatMap(({ steps }) => kernelsOf(steps));
  const below = kernels.reduce(
    (lowest, kernel) => Math.min(lowest, ...blocksOf(kernel).map((block) => lowestElement(kernel, block))),
    0,
  );
  const arena = align(controlBytes - 4 * below);
  let end = align(arena + 4 * program.memory.length + slackBytes);
  const scratch = scratchLengths.map((length) => {
    const address = end;
    end = align(end + 4 * length + slackBytes);
    return address;
  });
  const slots = program.stages.map(({ outputs }) =>
    Object.fromEntries(
      outputs
        .filter(({ shape }) => shape.length > 0)
        .map(({ name, buffer }) => {
          const length = lengthOf(program.buffers, buffer);
          const own = Array.from({ length: slotsPerOutput }, (_, i) => ({
            address: end + i * align(4 * length),
            length,
          }));
          end += slotsPerOutput * align(4 * length);
          return [name, own];
        }),
    ),
  );
  const bytes = end + slackBytes;
  return {
    buffers: [...program.memory.placements.map(({ offset }) => arena + 4 * offset), ...scratch],
    slots,
    bytes,
    pages: Math.ceil(bytes / pageBytes),
  };
};
