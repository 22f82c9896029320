import { expect } from 'chai';
import * as E from 'fp-ts/lib/Either.js';
import { pipe } from 'fp-ts/lib/function.js';
import * as TE from 'fp-ts/lib/TaskEither.js';
import { kernelsOf, type Program } from '../../compiler/index.js';
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

const kernels = (source: Program) => source.stages.flatMap(({ steps }) => kernelsOf(steps));

describe('profiles', () => {
  it('isolates a kernel: the same values from the same inputs', async () => {
    const source = program();
    const kernel = kernels(source).find(({ name }) => name.includes('tanh'));
    if (kernel === undefined) throw new Error('no kernel');
    const { reads } = stepBuffers({ kind: 'kernel', kernel });
    const isolated = isolateKernel(source, kernel);
    const executable = await interpreterTarget.compile(isolated)();
    if (E.isLeft(executable)) throw new Error('not compiled');
    const inputs = Object.fromEntries(
      reads.map((buffer, i) => [`in${i}`, new Float32Array(source.buffers[buffer]?.length ?? 0).fill(0)]),
    );
    await executable.right.run('give', inputs)();
    await executable.right.run('run', {})();
    const result = await executable.right.run('take', {})();
    if (E.isLeft(result)) throw new Error('not run');
    const out = await result.right.arrays.out?.read();
    if (out === undefined || E.isLeft(out)) throw new Error('no output');
    // tanh of an affine map of zeros
    expect(out.right.length).to.equal(source.buffers[kernel.output]?.length);
    expect([...out.right].every((value) => value === 0)).to.equal(true);
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
