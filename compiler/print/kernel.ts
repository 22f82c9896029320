/** Kernels as text: the loop nest of each, with buffers and axes by name. */

import { at } from '../../dsl/internal.js';
import { requireLegalKernel } from '../legal.js';
import type { Affine, Block, Kernel } from '../program.js';
import { extentOf } from '../queries.js';
import { atom, type Piece, precedence, scalarNotation } from './scalars.js';

/** What a kernel's text needs to know of its surroundings. */
export type BufferName = (buffer: number) => string;

const letters = 'ijklmnopqrstuvwxyz';

/** `i`, `j`, …, and `i26` where the alphabet ends. */
const axisName = (axis: number): string => letters[axis] ?? `i${axis}`;

const affineText = ({ offset, terms }: Affine): string => {
  const parts = terms.map(({ axis, stride }) => (stride === 1 ? axisName(axis) : `${stride}${axisName(axis)}`));
  return offset !== 0 || parts.length === 0 ? [...parts, String(offset)].join(' + ') : parts.join(' + ');
};

const guardText = (guards: readonly number[]): string => guards.map((axis) => `${axisName(axis)} valid`).join(', ');

/** The value of a block, as an expression. */
const blockText = (block: Block, bufferName: BufferName): string => {
  const pieces: Piece[] = [];
  for (const instruction of block) {
    switch (instruction.op) {
      case 'constant':
        pieces.push({
          text: String(instruction.value),
          binds: instruction.value < 0 ? precedence.sum : precedence.atom,
        });
        break;
      case 'index':
        pieces.push({ text: affineText(instruction.index), binds: precedence.sum });
        break;
      case 'load': {
        const guards = instruction.guards.length === 0 ? '' : ` if ${guardText(instruction.guards)}`;
        pieces.push(atom(`${bufferName(instruction.buffer)}[${affineText(instruction.index)}${guards}]`));
        break;
      }
      case 'valid':
        pieces.push(atom(`[${guardText(instruction.guards)}]`));
        break;
      case 'accumulator':
        pieces.push(atom(`acc${instruction.accumulator}`));
        break;
      case 'apply':
        pieces.push(
          scalarNotation[instruction.fn](
            'text',
            instruction.operands.map((operand) => at(pieces, operand, 'kernelText')),
          ),
        );
        break;
    }
  }
  return at(pieces, pieces.length - 1, 'kernelText').text;
};

const folds = { sum: 'sum', max: 'max', argmax: 'argmax' } as const;

const loopsText = (kernel: Kernel, axes: readonly number[]): string =>
  axes.map((axis) => `${axisName(axis)} < ${extentOf(kernel, axis)}`).join(', ');

/** The loop nest of a kernel, one line per statement. */
export const kernelText = (kernel: Kernel, bufferName: BufferName): readonly string[] => {
  requireLegalKernel(kernel, 'kernelText');
  const quotients = kernel.axes.flatMap((axis, i) =>
    axis.kind === 'quotient'
      ? [`  ${axisName(i)} = (${affineText(axis.from)}) / ${axis.divisor}, valid if whole and below ${axis.extent}`]
      : [],
  );
  const accumulators = kernel.accumulators.map(({ kind, parts }, i) => {
    const terms = parts.map(({ axes, term }) => {
      const over = axes.length === 0 ? '' : `[${loopsText(kernel, axes)}]`;
      return `${folds[kind]}${over}(${blockText(term, bufferName)})`;
    });
    return `  acc${i} = ${terms.join(' + ')}`;
  });
  const head = kernel.outputAxes.length === 0 ? 'once:' : `for ${loopsText(kernel, kernel.outputAxes)}:`;
  return [
    head,
    ...quotients,
    ...accumulators,
    `  ${bufferName(kernel.output)}[…] = ${blockText(kernel.body, bufferName)}`,
  ];
};
