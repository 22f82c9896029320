/**
 * The interpreter: runs programs in float64, one element at a time. Slow and plain; every other target is held
 * against it. Values stay float64 from kernel to kernel and from stage to stage, so that one that is computed twice is
 * one value; only arrays that leave are float32, and differ, where a caller hands them back, from what stayed inside.
 */

import * as E from 'fp-ts/lib/Either.js';
import * as TE from 'fp-ts/lib/TaskEither.js';
import { requireLegal } from '../compiler/legal.js';
import type { Affine, Block, Kernel, Part, Program, Step } from '../compiler/program.js';
import { extentOf } from '../compiler/queries.js';
import { internal } from '../dsl/internal.js';
import { scalarRow } from '../dsl/scalar.js';
import { stageGate, turnstile } from './stages.js';
import {
  type DeviceArray,
  type Executable,
  gibibytes,
  type StageInput,
  type StageResult,
  type Target,
  type TargetError,
} from './target.js';

type Arrays = readonly Float64Array[];

// An array that leaves a stage is float32, as those of all targets are: what a checkpoint holds of a state is the state.
const handleOf = (values: Float64Array): DeviceArray => {
  const rounded = Float32Array.from(values);
  return { length: rounded.length, read: TE.fromIO(() => rounded.slice()) };
};

const valuesOf = (input: StageInput): TE.TaskEither<TargetError, ArrayLike<number>> => {
  if (typeof input === 'number') return TE.right([input]);
  return input instanceof Float32Array ? TE.right(input) : input.read;
};

/** The positions of a kernel's axes while it runs: the machine state that blocks are evaluated in. */
interface Position {
  readonly axes: Int32Array;
  /** For quotient axes: is the position valid? */
  readonly valid: Uint8Array;
}

// inline defaults would be wrong numbers; these are the innermost loops, so the check is what a default would be
const missing = (what: string, position: number): never => internal('interpreter', `no ${what} ${position}`);

const addressAt = (affine: Affine, axes: Int32Array): number => {
  let address = affine.offset;
  for (const { axis, stride } of affine.terms) address += stride * (axes[axis] ?? missing('axis', axis));
  return address;
};

const settleQuotients = (kernel: Kernel, { axes, valid }: Position): void => {
  for (const [i, axis] of kernel.axes.entries()) {
    if (axis.kind === 'loop') continue;
    const from = addressAt(axis.from, axes);
    const quotient = Math.floor(from / axis.divisor);
    axes[i] = quotient;
    valid[i] = quotient * axis.divisor === from && quotient >= 0 && quotient < axis.extent ? 1 : 0;
  }
};

const arrayOf = (arrays: Arrays, buffer: number): Float64Array => arrays[buffer] ?? missing('buffer', buffer);

const elementOf = (arrays: Arrays, buffer: number, address: number): number =>
  arrayOf(arrays, buffer)[address] ?? internal('interpreter', `buffer ${buffer} has no element ${address}`);

const evaluateBlock = (
  block: Block,
  { axes, valid }: Position,
  arrays: Arrays,
  accumulators: readonly number[],
): number => {
  const values: number[] = [];
  const holds = (guards: readonly number[]) => guards.every((axis) => (valid[axis] ?? missing('axis', axis)) === 1);
  for (const instruction of block) {
    switch (instruction.op) {
      case 'constant':
        values.push(instruction.value);
        break;
      case 'index':
        values.push(addressAt(instruction.index, axes));
        break;
      case 'load':
        values.push(
          holds(instruction.guards) ? elementOf(arrays, instruction.buffer, addressAt(instruction.index, axes)) : 0,
        );
        break;
      case 'valid':
        values.push(holds(instruction.guards) ? 1 : 0);
        break;
      case 'accumulator':
        values.push(accumulators[instruction.accumulator] ?? missing('accumulator', instruction.accumulator));
        break;
      case 'apply': {
        const operands = instruction.operands.map((operand) => values[operand] ?? missing('value', operand));
        values.push(scalarRow(instruction.fn).evaluate(...operands));
        break;
      }
    }
  }
  return values.at(-1) ?? internal('interpreter', 'a block without instructions');
};

/** Steps through all positions of some axes, the last fastest, and calls `visit` with the row-major count. */
const forEachPosition = (
  kernel: Kernel,
  loopAxes: readonly number[],
  position: Position,
  visit: (count: number) => void,
): void => {
  const extents = loopAxes.map((axis) => extentOf(kernel, axis));
  const total = extents.reduce((product, extent) => product * extent, 1);
  for (const axis of loopAxes) position.axes[axis] = 0;
  for (let count = 0; count < total; count++) {
    visit(count);
    for (let i = loopAxes.length - 1; i >= 0; i--) {
      const axis = loopAxes[i] ?? missing('axis', i);
      const next = (position.axes[axis] ?? missing('axis', axis)) + 1;
      const more = next < (extents[i] ?? missing('axis', axis));
      position.axes[axis] = more ? next : 0;
      if (more) break;
    }
  }
};

const accumulate = (
  kernel: Kernel,
  kind: 'sum' | 'max' | 'argmax',
  parts: readonly Part[],
  position: Position,
  arrays: Arrays,
): number => {
  let sum = 0;
  let largest = Number.NEGATIVE_INFINITY;
  let winner = 0;
  for (const part of parts) {
    forEachPosition(kernel, part.axes, position, (count) => {
      settleQuotients(kernel, position);
      const term = evaluateBlock(part.term, position, arrays, []);
      sum += term;
      if (term > largest || (Number.isNaN(term) && !Number.isNaN(largest))) {
        largest = term;
        winner = count;
      }
    });
  }
  return kind === 'sum' ? sum : kind === 'max' ? largest : winner;
};

const runKernel = (kernel: Kernel, arrays: Arrays): void => {
  const output = arrayOf(arrays, kernel.output);
  const position = { axes: new Int32Array(kernel.axes.length), valid: new Uint8Array(kernel.axes.length) };
  forEachPosition(kernel, kernel.outputAxes, position, (count) => {
    const totals = kernel.accumulators.map(({ kind, parts }) => accumulate(kernel, kind, parts, position, arrays));
    settleQuotients(kernel, position);
    output[count] = evaluateBlock(kernel.body, position, arrays, totals);
  });
};

/** Runs steps on the arrays of a program's buffers, by position; arrays may be views into one memory. */
export const runSteps = (steps: readonly Step[], arrays: Arrays): void => {
  const array = (buffer: number): Float64Array => arrayOf(arrays, buffer);
  for (const step of steps) {
    switch (step.kind) {
      case 'kernel':
        runKernel(step.kernel, arrays);
        break;
      case 'copy':
        array(step.to).set(array(step.from));
        break;
      case 'join': {
        let offset = 0;
        for (const part of step.parts) {
          array(step.output).set(array(part), offset);
          offset += array(part).length;
        }
        break;
      }
      case 'loop':
        for (;;) {
          runSteps(step.condition, arrays);
          if (elementOf(arrays, step.proceed, 0) === 0) break;
          runSteps(step.body, arrays);
        }
        break;
    }
  }
};

/** Bytes that the arrays of one program may have together. */
const mostBytes = 8 * 2 ** 30;

const bytesOf = ({ buffers }: Program): number =>
  buffers.reduce((bytes, { length }) => bytes + Float64Array.BYTES_PER_ELEMENT * length, 0);

const executableOf = (program: Program): Executable => {
  const arrays = program.buffers.map(({ length }) => new Float64Array(length));
  const { admit, done } = stageGate(program);
  const inTurn = turnstile();
  const run: Executable['run'] = (name, inputs) =>
    inTurn(async () => {
      const stage = admit(name, inputs);
      if (E.isLeft(stage)) return stage;
      for (const port of stage.right.inputs) {
        // the gate has admitted the inputs
        const values = await valuesOf(inputs[port.name] ?? internal('interpreter', `no input ${port.name}`))();
        if (E.isLeft(values)) return values;
        arrayOf(arrays, port.buffer).set(values.right);
      }
      runSteps(stage.right.steps, arrays);
      // entries, as an assignment would lose an output of the name __proto__
      const scalars = new Map<string, number>();
      const handles = new Map<string, DeviceArray>();
      for (const { name: output, buffer, shape } of stage.right.outputs) {
        if (shape.length === 0) scalars.set(output, elementOf(arrays, buffer, 0));
        else handles.set(output, handleOf(arrayOf(arrays, buffer)));
      }
      done(stage.right);
      return E.right<TargetError, StageResult>({
        scalars: Object.fromEntries(scalars),
        arrays: Object.fromEntries(handles),
      });
    });
  return {
    program,
    memoryBytes: bytesOf(program),
    threads: 1,
    run,
    exclusive: turnstile(),
    sources: () => [],
    dispose: () => undefined,
  };
};

/** The float64 interpreter as a target. */
export const interpreterTarget: Target = {
  name: 'interpreter',
  description: 'float64 interpreter (the oracle; slow)',
  compile: (program) => {
    requireLegal(program, 'interpreter');
    const bytes = bytesOf(program);
    const reason = `it needs ${gibibytes(bytes)} of memory, and the interpreter takes ${gibibytes(mostBytes)}`;
    return bytes > mostBytes
      ? TE.left({ _tag: 'TargetCompileError', target: 'interpreter', kernel: program.name, reason })
      : TE.fromIO(() => executableOf(program));
  },
  dispose: () => undefined,
};
