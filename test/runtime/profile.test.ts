import { expect } from 'chai';
import * as E from 'fp-ts/lib/Either.js';
import { pipe } from 'fp-ts/lib/function.js';
import * as TE from 'fp-ts/lib/TaskEither.js';
import { type Kernel, kernelsOf, type Program } from '../../compiler/index.js';
import { inspect } from '../../compiler/inspect/inspect.js';
import { stepBuffers } from '../../compiler/memory.js';
import { checkModel } from '../../runtime/check/model.js';
import { interpreterTarget } from '../../runtime/interpreter.js';
import { isolateKernel, profileKernels, profileStages } from '../../runtime/profile.js';
import { deviceSources } from '../../runtime/sources.js';
import type { Target, TargetError } from '../../runtime/target.js';
import { smallModel } from '../compiler/inspect/models.js';

const program = (): Program => {
  const inspected = inspect(smallModel('tanh'), 'ggn');
  if (E.isLeft(inspected)) throw new Error('not inspected');
  const compiled = inspected.right.compile({ batch: 4 });
  if (E.isLeft(compiled)) throw new Error('not compiled');
  return compiled.right.program;
};

const rightOf = <A>(result: E.Either<unknown, A>): A => {
  if (E.isLeft(result)) throw new Error(JSON.stringify(result.left));
  return result.right;
};

/** What a kernel writes, run by itself on the buffers that it reads. */
const alone = async (
  source: Program,
  kernel: Kernel,
  contents: ReadonlyMap<number, Float32Array>,
): Promise<Float32Array> => {
  const executable = rightOf(await interpreterTarget.compile(isolateKernel(source, kernel))());
  const { reads } = stepBuffers({ kind: 'kernel', kernel });
  const inputs = Object.fromEntries(
    reads.map((buffer, i) => [`in${i}`, contents.get(buffer) ?? new Float32Array(source.buffers[buffer]?.length ?? 0)]),
  );
  rightOf(await executable.run('give', inputs)());
  rightOf(await executable.run('run', {})());
  const { arrays } = rightOf(await executable.run('take', {})());
  executable.dispose();
  if (arrays.out === undefined) throw new Error('no output');
  return rightOf(await arrays.out.read());
};

const kernels = (source: Program) => source.stages.flatMap(({ steps }) => kernelsOf(steps));

describe('profiles', () => {
  it('isolates kernels: one after the other, they compute what the program computes', async () => {
    const source = program();
    const given = new Map(
      source.stages.flatMap(({ inputs }) =>
        inputs.map(({ name, buffer }, i) => {
          const length = source.buffers[buffer]?.length ?? Number.NaN;
          return [name, Float32Array.from({ length }, (_, j) => Math.sin(1.7 * j + i + 0.4))] as const;
        }),
      ),
    );
    const executable = rightOf(await interpreterTarget.compile(source)());
    const contents = new Map<number, Float32Array>();
    for (const { name, inputs, outputs, steps } of source.stages) {
      const values = Object.fromEntries(inputs.map((port) => [port.name, given.get(port.name) ?? Number.NaN]));
      for (const port of inputs) contents.set(port.buffer, given.get(port.name) ?? new Float32Array(0));
      for (const step of steps) {
        if (step.kind === 'kernel') contents.set(step.kernel.output, await alone(source, step.kernel, contents));
        if (step.kind === 'join')
          contents.set(step.output, Float32Array.from(step.parts.flatMap((part) => [...(contents.get(part) ?? [])])));
      }
      const { arrays, scalars } = rightOf(await executable.run(name, values)());
      for (const { name: output, buffer } of outputs) {
        const whole = arrays[output] === undefined ? [scalars[output]] : rightOf(await arrays[output].read());
        const pieces = contents.get(buffer) ?? [];
        expect(pieces, output).to.have.length(whole.length);
        // what passes between isolated kernels is rounded to float32, inside a stage it need not be
        for (const [i, value] of whole.entries()) expect(pieces[i], output).to.be.closeTo(value ?? Number.NaN, 1e-6);
        expect(Math.max(...pieces), output).to.be.above(1e-2);
      }
    }
    executable.dispose();
  });

  it('times every kernel and every stage', async () => {
    const source = program();
    const times = await profileKernels(interpreterTarget, source)();
    if (E.isLeft(times)) throw new Error('not timed');
    expect(Object.keys(times.right)).to.have.members(kernels(source).map(({ name }) => name));
    const stages = await profileStages(interpreterTarget, source)();
    if (E.isLeft(stages)) throw new Error('not timed');
    expect(Object.keys(stages.right)).to.deep.equal(['linearize', 'product']);
    for (const time of [...Object.values(times.right), ...Object.values(stages.right)]) expect(time).to.be.above(0);
  });

  it('leave no executable behind on a target that fails', async () => {
    const failure: TargetError = { _tag: 'TargetExecutionError', target: 'wasm', stage: 'all', reason: 'it is lost' };
    let [compiled, disposed] = [0, 0];
    const failing: Target = {
      ...interpreterTarget,
      compile: (source) =>
        pipe(
          interpreterTarget.compile(source),
          TE.map((executable) => {
            compiled++;
            const dispose = (): void => {
              disposed++;
            };
            return { ...executable, run: () => TE.left(failure), dispose };
          }),
        ),
    };
    expect(await profileStages(failing, program())()).to.deep.equal(E.left(failure));
    expect(await profileKernels(failing, program())()).to.deep.equal(E.left(failure));
    expect(await deviceSources(failing, program())()).to.deep.equal(E.left(failure));
    expect(E.isLeft(await checkModel(smallModel('tanh'), { target: failing })())).to.equal(true);
    expect([compiled, disposed]).to.deep.equal([4, 4]);
  });
});
