/**
 * Zero padding that is skipped: where a guard of a sum's factor concerns a whole tile, because neither the tile's axes nor
 * the lanes decide on it, the terms behind a guard that fails are not computed, instead of being loaded as zeros.
 */
import type { Block, Instruction, Kernel, Part } from '../../program.js';
import { guardsOfFactors } from '../../terms.js';
import { guardAxesOf } from './affine.js';

/** The axes that a tile spans. */
export interface TileAxes {
  readonly lanes: 'column' | 'reduction';
  readonly column: number | undefined;
  readonly row: number | undefined;
}

/** A part without the guards that are asked for outside of its term. */
export interface BarePart {
  readonly part: Part;
  readonly guards: readonly number[];
}

const withoutGuards = (term: Block, guards: readonly number[]): Block =>
  term.map(
    (instruction): Instruction =>
      instruction.op === 'load'
        ? { ...instruction, guards: instruction.guards.filter((guard) => !guards.includes(guard)) }
        : instruction,
  );

/** The guards of a product's factors that hold or fail for a whole tile, taken off its loads. */
const bare = ({ axes, accumulators }: Kernel, { lanes, column, row }: TileAxes, part: Part): BarePart => {
  const kind = accumulators.find(({ parts }) => parts.includes(part))?.kind;
  if (kind !== 'sum') return { part, guards: [] };
  const within = [column, row, lanes === 'reduction' ? part.axes[part.axes.length - 1] : undefined];
  const guards = guardsOfFactors(part.term).filter((guard) => {
    const decisive = guardAxesOf(axes, [guard]);
    return !within.some((axis) => axis !== undefined && decisive.has(axis));
  });
  return guards.length === 0 ? { part, guards } : { part: { ...part, term: withoutGuards(part.term, guards) }, guards };
};

const known = new WeakMap<Part, Map<string, BarePart>>();

/** A part of a kernel as a tile over some axes computes it. */
export const bareOf = (kernel: Kernel, tile: TileAxes, part: Part): BarePart => {
  const ofPart = known.get(part) ?? new Map<string, BarePart>();
  known.set(part, ofPart);
  const key = `${tile.lanes} ${tile.column} ${tile.row}`;
  const found = ofPart.get(key) ?? bare(kernel, tile, part);
  ofPart.set(key, found);
  return found;
};
