/**
 * One kept expression → one kernel: the expression is computed at a symbolic index, pulling what it needs through
 * views (which only re-index) and pointwise functions, down to buffers; folds become accumulators.
 */

import { at, internal, lookup, zip } from '../../dsl/internal.js';
import type { Expr, NodeOf } from '../../dsl/node.js';
import type { Sizes } from '../../dsl/shape.js';
import { windowStart } from '../../dsl/structure.js';
import { bindDim, bindShape, stridesOf } from '../evaluate.js';
import type { Accumulator, Affine, Axis, Block, Instruction, Kernel, Part } from '../program.js';
import { addAffine, affineKey, axisIndex, constantIndex, flatten, scaleAffine } from './affine.js';
import { isConstant, reshapeGroups } from './views.js';

/** What expansion asks of its surroundings. */
export interface ExpandContext {
  readonly sizes: Sizes;
  /** The buffer an expression is kept in, if it is. */
  readonly bufferOf: (expr: Expr) => number | undefined;
}

type Index = readonly Affine[];

// JSON has one spelling for NaN and the infinities, and one for both zeros
const instructionKey = (instruction: Instruction): string =>
  instruction.op === 'constant'
    ? `constant ${Object.is(instruction.value, -0) ? '-0' : instruction.value}`
    : JSON.stringify(instruction);

/** An instruction list under construction; equal instructions are shared. */
const blockBuilder = () => {
  const instructions: Instruction[] = [];
  const known = new Map<string, number>();
  const push = (instruction: Instruction): number => {
    const key = instructionKey(instruction);
    const position = known.get(key) ?? instructions.push(instruction) - 1;
    known.set(key, position);
    return position;
  };
  /** The finished block, with `result` last and nothing that it does not need. */
  const finish = (result: number): Block => {
    const needed = new Set([result]);
    for (let i = result; i >= 0; i--) {
      const instruction = at(instructions, i, 'block');
      if (needed.has(i) && instruction.op === 'apply') for (const operand of instruction.operands) needed.add(operand);
    }
    const order = [...needed].sort((a, b) => a - b);
    return order.map((position) => {
      const instruction = at(instructions, position, 'block');
      return instruction.op === 'apply'
        ? { ...instruction, operands: instruction.operands.map((operand) => order.indexOf(operand)) }
        : instruction;
    });
  };
  return { push, finish, instruction: (position: number): Instruction => at(instructions, position, 'block') };
};

type BlockBuilder = ReturnType<typeof blockBuilder>;

/** Where an expression is being computed. */
interface Place {
  readonly block: BlockBuilder;
  /** Quotient axes that must be valid for loads to be allowed. */
  readonly guards: readonly number[];
  /** Results at this place, by expression and index. */
  readonly memo: Map<string, number>;
}

/** Expands the expression `root` into the kernel that fills `output`. */
export const expandKernel = (root: Expr, name: string, output: number, context: ExpandContext): Kernel => {
  const { sizes, bufferOf } = context;
  const axes: Axis[] = [];
  const accumulators: Accumulator[] = [];
  const extentsOf = (expr: Expr): readonly number[] => bindShape(expr.shape, sizes);
  const addAxis = (axis: Axis): number => axes.push(axis) - 1;
  const addLoop = (label: string, extent: number): number => addAxis({ kind: 'loop', name: label, extent });

  /** A new quotient axis `from / divisor` (or the same one again). */
  const addQuotient = (from: Affine, divisor: number, extent: number): number => {
    const same = axes.findIndex(
      (axis) =>
        axis.kind === 'quotient' &&
        axis.divisor === divisor &&
        axis.extent === extent &&
        affineKey(axis.from) === affineKey(from),
    );
    return same >= 0 ? same : addAxis({ kind: 'quotient', name: `q${axes.length}`, extent, from, divisor });
  };

  const reshapedIndex = (operand: readonly number[], result: readonly number[], index: Index): Index => {
    const source = operand.map(() => constantIndex(0));
    for (const { operandAxes, resultAxes } of reshapeGroups(operand, result)) {
      const axis = operandAxes.find((a) => operand[a] !== 1);
      if (axis === undefined) continue;
      source[axis] = flatten(
        resultAxes.map((a) => at(index, a, 'reshape')),
        stridesOf(resultAxes.map((a) => at(result, a, 'reshape'))),
      );
    }
    return source;
  };

  /** The terms whose sum the expression is, if it is a sum of folds that are computed here. */
  const sumTerms = (expr: Expr, index: Index): readonly Part[] | undefined => {
    if (bufferOf(expr) !== undefined && expr !== root) return undefined;
    const { node } = expr;
    if (node.op === 'contract' || node.op === 'windowAdjoint') return [foldPart(node, index)];
    if (node.op === 'reduce' && node.kind === 'sum') return [reducePart(node, index)];
    if (node.op !== 'map' || node.fn !== 'add') return undefined;
    const terms = node.operands.map((operand) => (isSum(operand) ? sumTerms(operand, index) : undefined));
    const found = terms.flatMap((parts) => (parts === undefined ? [] : [parts]));
    return found.length === terms.length ? found.flat() : undefined;
  };

  /** Is the expression a sum of folds computed here? (Asked before axes are made.) */
  const isSum = (expr: Expr): boolean => {
    if (bufferOf(expr) !== undefined && expr !== root) return false;
    const { node } = expr;
    // x + x is not two folds: sums of sums of themselves would double with every level
    if (node.op === 'map')
      return node.fn === 'add' && node.operands[0] !== node.operands[1] && node.operands.every(isSum);
    return node.op === 'contract' || node.op === 'windowAdjoint' || (node.op === 'reduce' && node.kind === 'sum');
  };

  const partOf = (loops: readonly number[], term: (place: Place) => number): Part => {
    const block = blockBuilder();
    return { axes: loops, term: block.finish(term({ block, guards: [], memo: new Map() })) };
  };

  const foldPart = (node: NodeOf<'contract' | 'windowAdjoint'>, index: Index): Part =>
    node.op === 'contract' ? contractPart(node, index) : windowAdjointPart(node, index);

  const contractPart = (node: NodeOf<'contract'>, index: Index): Part => {
    const byLabel = new Map(zip(node.output, index, 'contract'));
    const loops: number[] = [];
    for (const [label, extent] of zip(node.leftLabels, extentsOf(node.left), 'contract'))
      if (!byLabel.has(label)) {
        const loop = addLoop(`k${label}`, extent);
        loops.push(loop);
        byLabel.set(label, axisIndex(loop));
      }
    const indexOf = (labels: readonly number[]): Index => labels.map((label) => lookup(byLabel, label, 'contract'));
    return partOf(loops, (place) =>
      place.block.push({
        op: 'apply',
        fn: 'mul',
        operands: [
          valueAt(node.left, indexOf(node.leftLabels), place),
          valueAt(node.right, indexOf(node.rightLabels), place),
        ],
      }),
    );
  };

  const reducePart = ({ operand, axes: reduced }: NodeOf<'reduce'>, index: Index): Part => {
    const loops: number[] = [];
    let kept = 0;
    const source = extentsOf(operand).map((extent, axis) => {
      if (!reduced.includes(axis)) return at(index, kept++, 'reduce');
      const loop = addLoop(`k${axis}`, extent);
      loops.push(loop);
      return axisIndex(loop);
    });
    return partOf(loops, (place) => valueAt(operand, source, place));
  };

  // x̄[i] = Σ_k ȳ[(i − dilation·k) / stride, k], where the quotient is whole and in range
  const windowAdjointPart = ({ operand, windows }: NodeOf<'windowAdjoint'>, index: Index): Part => {
    const extents = extentsOf(operand);
    const taps = windows.map((window, k) => ({ window, loop: addLoop(`w${k}`, window.size) }));
    const guards: number[] = [];
    const positions = index.map((position, axis) => {
      const found = taps.find(({ window }) => window.axis === axis);
      if (found === undefined) return position;
      const { window, loop } = found;
      const tap = addAffine(scaleAffine(axisIndex(loop), window.dilation), constantIndex(windowStart(window)));
      const from = addAffine(position, scaleAffine(tap, -1));
      const quotient = addQuotient(from, window.stride, at(extents, axis, 'windowAdjoint'));
      guards.push(quotient);
      return axisIndex(quotient);
    });
    const loops = taps.map(({ loop }) => loop);
    const source = [...positions, ...loops.map(axisIndex)];
    return partOf(loops, (place) => guarded(guards, place, (inner) => valueAt(operand, source, inner)));
  };

  /** A value that is 0 unless the guards hold. */
  const guarded = (guards: readonly number[], place: Place, value: (inner: Place) => number): number => {
    const all = [...new Set([...place.guards, ...guards])].sort((a, b) => a - b);
    const inner = value({ ...place, guards: all, memo: new Map() });
    // a guarded load is 0 by itself
    if (place.block.instruction(inner).op === 'load') return inner;
    const valid = place.block.push({ op: 'valid', guards: all });
    const zero = place.block.push({ op: 'constant', value: 0 });
    return place.block.push({ op: 'apply', fn: 'select', operands: [valid, inner, zero] });
  };

  const accumulator = (kind: Accumulator['kind'], parts: readonly Part[], { block }: Place): number =>
    block.push({ op: 'accumulator', accumulator: accumulators.push({ kind, parts }) - 1 });

  /** The position of the instruction that computes `expr[index]`. */
  const valueAt = (expr: Expr, index: Index, place: Place): number => {
    const key = `${expr.id}@${index.map(affineKey).join()}`;
    const known = place.memo.get(key);
    if (known !== undefined) return known;
    const position = expr === root ? compute(expr, index, place) : loadOrCompute(expr, index, place);
    place.memo.set(key, position);
    return position;
  };

  const loadOrCompute = (expr: Expr, index: Index, place: Place): number => {
    const buffer = isConstant(expr) ? undefined : bufferOf(expr);
    if (buffer === undefined) return compute(expr, index, place);
    const address = flatten(index, stridesOf(extentsOf(expr)));
    return place.block.push({ op: 'load', buffer, index: address, guards: place.guards });
  };

  const compute = (expr: Expr, index: Index, place: Place): number => {
    const { node } = expr;
    const along = (axis: number): Affine => at(index, axis, node.op);
    switch (node.op) {
      case 'literal':
        return place.block.push({ op: 'constant', value: node.value });
      case 'size':
        return place.block.push({ op: 'constant', value: bindDim(node.dim, sizes) });
      case 'iota':
        return place.block.push({ op: 'index', index: along(0) });
      case 'map': {
        const parts = isSum(expr) ? sumTerms(expr, index) : undefined;
        if (parts !== undefined) return accumulator('sum', parts, place);
        const operands = node.operands.map((operand) => valueAt(operand, index, place));
        return place.block.push({ op: 'apply', fn: node.fn, operands });
      }
      case 'contract':
      case 'windowAdjoint':
        return accumulator('sum', [foldPart(node, index)], place);
      case 'reduce':
        return accumulator(node.kind, [reducePart(node, index)], place);
      case 'broadcast':
        return valueAt(node.operand, node.axes.map(along), place);
      case 'transpose':
        return valueAt(
          node.operand,
          node.permutation.map((_, axis) => along(node.permutation.indexOf(axis))),
          place,
        );
      case 'reshape': {
        const [operand, result] = [extentsOf(node.operand), extentsOf(expr)];
        const buffer = bufferOf(node.operand);
        if (buffer !== undefined) {
          const address = flatten(index, stridesOf(result));
          return place.block.push({ op: 'load', buffer, index: address, guards: place.guards });
        }
        return valueAt(node.operand, reshapedIndex(operand, result, index), place);
      }
      case 'slice':
        return valueAt(
          node.operand,
          index.map((i, axis) => (axis === node.axis ? addAffine(i, constantIndex(node.start)) : i)),
          place,
        );
      case 'pad': {
        const from = addAffine(along(node.axis), constantIndex(-node.before));
        const quotient = addQuotient(from, 1, at(extentsOf(node.operand), node.axis, 'pad'));
        const source = index.map((i, axis) => (axis === node.axis ? axisIndex(quotient) : i));
        return guarded([quotient], place, (inner) => valueAt(node.operand, source, inner));
      }
      case 'window': {
        const rank = node.operand.shape.length;
        const source = node.operand.shape.map((_, axis) => {
          const k = node.windows.findIndex((window) => window.axis === axis);
          const window = node.windows[k];
          return window === undefined
            ? along(axis)
            : [scaleAffine(along(axis), window.stride), scaleAffine(along(rank + k), window.dilation)].reduce(
                addAffine,
                constantIndex(windowStart(window)),
              );
        });
        return valueAt(node.operand, source, place);
      }
      default:
        // kept, stripped or refused before lowering
        return internal(`kernel ${name}`, `${node.op} reached it`);
    }
  };

  const outputAxes = extentsOf(root).map((extent, i) => addLoop(`i${i}`, extent));
  const block = blockBuilder();
  const result = valueAt(root, outputAxes.map(axisIndex), { block, guards: [], memo: new Map() });
  return { name, axes, outputAxes, output, accumulators, body: block.finish(result) };
};
