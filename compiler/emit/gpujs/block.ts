/** Blocks as statements: each instruction is written in the outermost loop in which its operands are known. */
import { at, lookup } from '../../../dsl/internal.js';
import type { Affine, Block, Instruction, Kernel } from '../../program.js';
import { type AxisText, affineText } from './axes.js';
import { scalarText } from './scalars.js';
import type { GpujsMode } from './types.js';
import { type Declare, literal, wholeQuotient } from './workarounds.js';

/** What a block may refer to. */
export interface BlockScope {
  readonly kernel: Kernel;
  readonly mode: GpujsMode;
  /** Output axes and the loops around the block. */
  readonly axes: ReadonlyMap<number, AxisText>;
  /** The block's loops, outermost first; level i + 1 is inside the loop over `loops[i]`, level 0 outside all. */
  readonly loops: readonly number[];
  /** The name of the argument that carries a buffer. */
  readonly argument: (buffer: number) => string;
  readonly accumulators: readonly string[];
  /** Prefix of the names that the block declares; unique in the kernel. */
  readonly prefix: string;
}

/** A block as statements by level, and the expression of its value. */
export interface BlockText {
  readonly levels: readonly (readonly string[])[];
  readonly value: string;
  /** An address that float32 cannot hold, if there is one. */
  readonly inexact: boolean;
}

const place = 'gpu.js block';

/** The level of every axis, quotients included. */
const axisLevels = (kernel: Kernel, loops: readonly number[]): readonly number[] => {
  const levelOf = (axis: number): number => {
    const known = at(kernel.axes, axis, place);
    return known.kind === 'loop'
      ? loops.indexOf(axis) + 1
      : Math.max(0, ...known.from.terms.map((term) => levelOf(term.axis)));
  };
  return kernel.axes.map((_, axis) => levelOf(axis));
};

const axesOf = (affine: Affine): readonly number[] => affine.terms.map(({ axis }) => axis);

const axesReadBy = (instruction: Instruction): readonly number[] => {
  switch (instruction.op) {
    case 'index':
      return axesOf(instruction.index);
    case 'load':
      return [...axesOf(instruction.index), ...instruction.guards];
    case 'valid':
      return instruction.guards;
    case 'constant':
    case 'accumulator':
    case 'apply':
      return [];
  }
};

/** Writes a block. */
export const blockText = (block: Block, scope: BlockScope): BlockText => {
  const { kernel, mode, prefix } = scope;
  const levels: string[][] = Array.from({ length: scope.loops.length + 1 }, () => []);
  const levelOfAxis = axisLevels(kernel, scope.loops);
  const axes = new Map(scope.axes);
  let names = 0;
  let inexact = false;

  const declareAt =
    (level: number) =>
    (expression: string): string => {
      const name = `${prefix}${names++}`;
      at(levels, level, place).push(`const ${name} = ${expression};`);
      return name;
    };
  const address = (affine: Affine): string => {
    const text = affineText(affine, kernel, axes);
    inexact ||= text === undefined;
    return text ?? '0';
  };

  // q = ⌊from / divisor⌋, and whether it is valid, once per quotient axis that the block needs, inner ones first.
  const validity = new Map<number, string>();
  const settle = (axis: number): void => {
    const quotient = at(kernel.axes, axis, place);
    if (quotient.kind === 'loop' || validity.has(axis)) return;
    for (const inner of axesOf(quotient.from)) settle(inner);
    const declare = declareAt(at(levelOfAxis, axis, place));
    const from = declare(address(quotient.from));
    const { divisor, extent } = quotient;
    const value = divisor === 1 ? from : declare(wholeQuotient(from, divisor));
    const whole = divisor === 1 ? '' : ` && ${from} - ${value} * ${divisor} === 0`;
    axes.set(axis, { text: value, integer: false, start: 0 });
    validity.set(axis, declare(`(${value} >= 0 && ${value} < ${extent}${whole} ? 1 : 0)`));
  };
  // 1 where all guards hold; `undefined` if there is nothing to hold.
  const guardFlag = (guards: readonly number[], declare: Declare): string | undefined => {
    const flags = guards.map((axis) => lookup(validity, axis, place));
    return flags.length > 1 ? declare(flags.join(' * ')) : flags[0];
  };

  const values: { readonly text: string; readonly level: number }[] = [];
  for (const instruction of block) {
    const read = axesReadBy(instruction);
    for (const axis of read) settle(axis);
    const operands =
      instruction.op === 'apply' ? instruction.operands.map((operand) => at(values, operand, place)) : [];
    const level = Math.max(
      0,
      ...read.map((axis) => at(levelOfAxis, axis, place)),
      ...operands.map((operand) => operand.level),
    );
    const declare = declareAt(level);
    const write = (): string => {
      switch (instruction.op) {
        case 'constant':
          return literal(mode, instruction.value);
        case 'accumulator':
          return at(scope.accumulators, instruction.accumulator, place);
        case 'index':
          return declare(address(instruction.index));
        case 'valid':
          return guardFlag(instruction.guards, declare) ?? '1';
        case 'load': {
          const array = scope.argument(instruction.buffer);
          const flag = guardFlag(instruction.guards, declare);
          if (flag === undefined) return declare(`${array}[${address(instruction.index)}]`);
          // Both sides of a choice may be evaluated: an invalid load reads element 0 instead.
          const element = declare(`${array}[${flag} * (${address(instruction.index)})]`);
          return declare(`(${flag} === 1 ? ${element} : 0)`);
        }
        case 'apply':
          return declare(
            scalarText(
              instruction.fn,
              operands.map(({ text }) => text),
              mode,
              declare,
            ),
          );
      }
    };
    values.push({ text: write(), level });
  }
  return { levels, value: at(values, values.length - 1, place).text, inexact };
};
