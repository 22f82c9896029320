import { expect } from 'chai';
import { compile } from '../../compiler/compile.js';
import { programCost } from '../../compiler/cost.js';
import { planProgram } from '../../compiler/emit/gpujs/index.js';
import { emitProgram } from '../../compiler/emit/wasm/index.js';
import { emittedSources } from '../../compiler/inspect/sources.js';
import { planMemory } from '../../compiler/memory.js';
import { kernelText } from '../../compiler/print/kernel.js';
import type { Instruction, Kernel, Program, Step } from '../../compiler/program.js';
import { input } from '../../dsl/leaves.js';
import { matmul } from '../../dsl/linear.js';
import { tanh } from '../../dsl/pointwise.js';
import { interpreterTarget } from '../../runtime/interpreter.js';
import { rightOf } from '../support/evaluation.js';

const [x, w] = [input('x', [3, 4]), input('w', [4, 2])];

const program: Program = rightOf(
  compile({ name: 'sound', sizes: {}, stages: [{ name: 'run', inputs: [x, w], outputs: { y: tanh(matmul(x, w)) } }] }),
);

const changeKernels = (change: (kernel: Kernel) => Kernel): Program => ({
  ...program,
  stages: program.stages.map((stage) => ({
    ...stage,
    steps: stage.steps.map((step): Step => (step.kind === 'kernel' ? { ...step, kernel: change(step.kernel) } : step)),
  })),
});

const changeTerms = (change: (instruction: Instruction) => Instruction): Program =>
  changeKernels((kernel) => ({
    ...kernel,
    accumulators: kernel.accumulators.map((accumulator) => ({
      ...accumulator,
      parts: accumulator.parts.map((part) => ({ ...part, term: part.term.map(change) })),
    })),
  }));

const inKernel = /^internal: [A-Za-z]+: kernel k\w+: /;

/** What is broken, and the error that says where. `byItself`: does the kernel alone show it? */
const defects: readonly {
  readonly name: string;
  readonly broken: Program;
  readonly error: RegExp;
  readonly byItself: boolean;
}[] = [
  {
    name: 'a kernel that reads a missing buffer',
    broken: changeTerms((item) => (item.op === 'load' ? { ...item, buffer: 99 } : item)),
    error: /no buffer 99 among 3/,
    byItself: false,
  },
  {
    name: 'a kernel that writes a missing buffer',
    broken: changeKernels((kernel) => ({ ...kernel, output: 99 })),
    error: /no buffer 99 among 3/,
    byItself: false,
  },
  {
    name: 'a load along an axis that is not there',
    broken: changeTerms((item) =>
      item.op === 'load' ? { ...item, index: { offset: 0, terms: [{ axis: 9, stride: 1 }] } } : item,
    ),
    error: /load at \d: no axis 9 among 3/,
    byItself: true,
  },
  {
    name: 'a load with a guard that is no quotient',
    broken: changeTerms((item) => (item.op === 'load' ? { ...item, guards: [0] } : item)),
    error: /guard 0 is no quotient/,
    byItself: true,
  },
  {
    name: 'a function with an argument too few',
    broken: changeTerms((item) => (item.op === 'apply' ? { ...item, operands: item.operands.slice(1) } : item)),
    error: /mul of 1 operands, not 2/,
    byItself: true,
  },
  {
    name: 'a function of a value that comes later',
    broken: changeTerms((item) => (item.op === 'apply' ? { ...item, operands: [0, 7] } : item)),
    error: /operand 7 is not before it/,
    byItself: true,
  },
  {
    name: 'a body with an accumulator that is not there',
    broken: changeKernels((kernel) => ({ ...kernel, accumulators: [] })),
    error: /no accumulator 0/,
    byItself: true,
  },
  {
    name: 'an output along an axis that is not there',
    broken: changeKernels((kernel) => ({ ...kernel, outputAxes: [...kernel.outputAxes, 9] })),
    error: /9 among 3 axes is no loop/,
    byItself: true,
  },
  {
    name: 'an empty body',
    broken: changeKernels((kernel) => ({ ...kernel, body: [] })),
    error: /an empty block/,
    byItself: true,
  },
  {
    name: 'a stage output without a buffer',
    broken: {
      ...program,
      stages: program.stages.map((stage) => ({
        ...stage,
        outputs: stage.outputs.map((port) => ({ ...port, buffer: 99 })),
      })),
    },
    error: /run\.y: no buffer 99 among 3/,
    byItself: false,
  },
];

const consumers: readonly {
  readonly name: string;
  readonly place: string;
  readonly take: (taken: Program) => unknown;
}[] = [
  {
    name: 'the WebAssembly emitter',
    place: 'emitProgram',
    take: (taken) => emitProgram(taken, { shared: false, relaxedSimd: false, patienceSeconds: 1 }),
  },
  { name: 'the emitter for gpu.js', place: 'gpujs', take: (taken) => emittedSources(taken, 'gpujs') },
  { name: 'the plan for gpu.js', place: 'gpujs', take: (taken) => planProgram(taken, 'cpu') },
  { name: 'the interpreter', place: 'interpreter', take: (taken) => interpreterTarget.compile(taken) },
  { name: 'the memory plan', place: 'planMemory', take: ({ buffers, stages }) => planMemory(buffers, stages) },
  { name: 'the costs', place: 'programCost', take: programCost },
];

describe('broken programs', () => {
  for (const { name, place, take } of consumers) {
    it(`stop ${name} with an internal error that says where`, () => {
      expect(() => take(program)).not.to.throw();
      for (const { name: defect, broken, error } of defects) {
        expect(() => take(broken), defect).to.throw(Error, error);
        expect(() => take(broken), defect).to.throw(Error, `internal: ${place}: `);
      }
    });
  }

  it('stop the printer of kernels, where a kernel shows it by itself', () => {
    const kernelIn = ({ stages }: Program): readonly Kernel[] =>
      stages.flatMap(({ steps }) => steps.flatMap((step) => (step.kind === 'kernel' ? [step.kernel] : [])));
    for (const kernel of kernelIn(program)) expect(kernelText(kernel, String)).not.to.deep.equal([]);
    for (const { name, broken, error } of defects.filter(({ byItself }) => byItself))
      for (const kernel of kernelIn(broken)) {
        expect(() => kernelText(kernel, String), name).to.throw(Error, error);
        expect(() => kernelText(kernel, String), name).to.throw(Error, inKernel);
      }
  });

  it('with places for fewer buffers, or outside of the arena, stop whoever places them', () => {
    const { memory } = program;
    const short: Program = { ...program, memory: { ...memory, placements: memory.placements.slice(1) } };
    const outside: Program = { ...program, memory: { ...memory, length: 1 } };
    const emit = (taken: Program) => () => consumers[0]?.take(taken);
    expect(emit(short)).to.throw('internal: emitProgram: 2 places for 3 buffers');
    expect(emit(outside)).to.throw(/internal: emitProgram: buffer \w+: outside the arena/);
  });
});
